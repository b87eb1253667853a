// Copy buttons, and an address that does not issue a second key when the page is loaded again.
const page = document.querySelector("[data-lp-here]");
if (page) history.replaceState(null, "", page.dataset.lpHere);

for (const button of document.querySelectorAll("[data-lp-copy]")) {
  button.addEventListener("click", async () => {
    const shown = document.getElementById(button.dataset.lpCopy);
    try {
      await navigator.clipboard.writeText(shown.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(shown);
      button.textContent = "Press Ctrl+C";
    }
  });
}
