// The one script of the secure page: it asks the browser for a passkey and sends what comes back as a form.
// It writes no text and builds no markup: what it can say stands in the page, hidden until it is true.
"use strict";

const say = (form, what) => {
  for (const each of form.querySelectorAll("[data-trouble]")) each.hidden = each.dataset.trouble !== what;
  form.removeAttribute("aria-busy");
};

const bytes = text =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), letter => letter.charCodeAt(0));

const text = buffer =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const described = list => (list || []).map(each => ({ ...each, id: bytes(each.id) }));

const options = async form => {
  const asked = new URLSearchParams({ kind: form.dataset.passkey, token: form.elements.token.value });
  const answer = await fetch(`${form.action}/passkey`, { method: "POST", body: asked, redirect: "error" });
  if (!answer.ok) throw new Error("silent");
  return answer.json();
};

const shown = async form => {
  const asked = await options(form);
  const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials: described(asked.allowCredentials) };
  const { response, ...credential } = parts(await navigator.credentials.get({ publicKey }));
  return {
    ...credential,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
};

const made = async form => {
  const asked = await options(form);
  const publicKey = {
    ...asked,
    challenge: bytes(asked.challenge),
    user: { ...asked.user, id: bytes(asked.user.id) },
    excludeCredentials: described(asked.excludeCredentials),
  };
  const { response, ...credential } = parts(await navigator.credentials.create({ publicKey }));
  return {
    ...credential,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports ? response.getTransports() : [],
    },
  };
};

const parts = credential => ({
  id: credential.id,
  rawId: text(credential.rawId),
  type: credential.type,
  response: credential.response,
});

const trouble = (form, error) => {
  if (error.name === "NotAllowedError" || error.name === "AbortError") return "cancelled";
  if (error.name === "InvalidStateError" && form.dataset.passkey === "make") return "known";
  return error instanceof DOMException ? "unsupported" : "silent";
};

const ask = async form => {
  say(form, "");
  form.setAttribute("aria-busy", "true");
  try {
    const answer = form.dataset.passkey === "make" ? await made(form) : await shown(form);
    form.elements.answer.value = JSON.stringify(answer);
    HTMLFormElement.prototype.submit.call(form);
  } catch (error) {
    say(form, trouble(form, error));
  }
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = false;
  form.addEventListener("submit", event => {
    event.preventDefault();
    if (!form.hasAttribute("aria-busy")) ask(form);
  });
  if (!window.PublicKeyCredential) {
    say(form, "unsupported");
    form.querySelector("button").disabled = true;
  } else if (form.dataset.passkey === "show" && !document.querySelector("[autofocus]")) {
    form.querySelector("button").focus();
  }
}
