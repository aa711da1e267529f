// Asks "are you sure?" in the words the app gave, before a button does its work.
// It never answers by itself: closing it in any other way means no.
import { freshId, h, letGo } from "./dom.js";
import { plain, words } from "./text.js";

export function confirmed(confirm) {
  return new Promise((resolve) => {
    const title = freshId("confirm");
    const answer = (yes) => { letGo(dialog); resolve(yes); };
    const choice = (yes, style, label) => h("button", {
      type: "button", class: `button ${style}`, onclick: () => answer(yes),
    }, label);
    const dialog = h("dialog", {
      role: "alertdialog", class: "confirm", "aria-labelledby": title, "aria-describedby": `${title}-text`,
      oncancel: (event) => { event.preventDefault(); answer(false); },
    },
    h("h2", { id: title }, plain(confirm.title)),
    h("div", { class: "text", id: `${title}-text` }, words(confirm.text)),
    h("footer", {},
      choice(false, "", plain(confirm.deny) || "Cancel"),
      choice(true, confirm.style === "danger" ? "danger" : "primary", plain(confirm.confirm) || "Yes")));
    document.body.append(dialog);
    dialog.showModal();
  });
}
