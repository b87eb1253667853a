// Parts of a page that stay up to date: asked for again every few seconds, replaced where they differ.
const EVERY_MS = 5000;

async function refresh() {
  const parts = [...document.querySelectorAll("[data-lp-live]")];
  const everyMs = Number(parts[0]?.dataset.lpEvery ?? EVERY_MS);
  if (!everyMs) return;
  if (!document.hidden) await replace(parts).catch(() => {});
  setTimeout(refresh, everyMs);
}

async function replace(parts) {
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "XMLHttpRequest" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts) {
    const next = fresh.querySelector(`[data-lp-live="${part.dataset.lpLive}"]`);
    const isUsed = part.contains(document.activeElement) || (!getSelection().isCollapsed && getSelection().containsNode(part, true));
    if (next && !isUsed && next.textContent !== part.textContent) part.replaceWith(document.importNode(next, true));
  }
}

setTimeout(refresh, 1000);
