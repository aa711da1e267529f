// What makes the page easier where scripts run. Without it everything works; nothing typed is read or kept.
"use strict";
for (const button of document.querySelectorAll("button[data-shows]")) {
  const input = document.getElementById(button.dataset.shows);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = shown ? button.dataset.show : button.dataset.hide;
    input.focus();
  });
  // Sent as what it is, so that no browser keeps it among what was typed before.
  input.form.addEventListener("submit", () => { input.type = "password"; });
}
// Somebody who comes back from the sign-in goes on by themselves.
document.querySelector("form[data-onward]")?.requestSubmit();
