// Asks "are you sure?" in the words the app gave, before a button does its work.
// It never answers by itself: closing it in any other way means no.
import { freshId, h } from "./dom.js";
import { plain, words } from "./text.js";

export function confirmed(confirm) {
  return new Promise((resolve) => {
    const title = freshId("confirm");
    const answer = (yes) => { dialog.close(); dialog.remove(); resolve(yes); };
    const dialog = h("dialog", { role: "alertdialog", "aria-labelledby": title, "aria-describedby": `${title}-text`, class: "confirm", oncancel: () => answer(false) },
      h("h2", { id: title }, plain(confirm.title)),
      h("div", { class: "text", id: `${title}-text` }, words(confirm.text)),
      h("footer", {},
        h("button", { type: "button", class: "button", onclick: () => answer(false) }, plain(confirm.deny) || "Cancel"),
        h("button", { type: "button", class: `button ${confirm.style === "danger" ? "danger" : "primary"}`, onclick: () => answer(true) }, plain(confirm.confirm) || "Yes")));
    document.body.append(dialog);
    dialog.showModal();
  });
}
