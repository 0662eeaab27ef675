// The template gallery: filter, and the dialog that shows how a deploy went.
const dialog = document.getElementById("deploy-template");
const body = document.getElementById("deploy-template-body");
const waiting = body?.innerHTML ?? "";

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === body) body.innerHTML = waiting;
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.target === body && event.detail.xhr.status !== 422) dialog.close();
});

const filter = document.getElementById("template-filter");
filter?.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  let shown = 0;
  for (const card of document.querySelectorAll("#gallery .template-card")) {
    card.hidden = !card.textContent.toLowerCase().includes(wanted);
    if (!card.hidden) shown += 1;
  }
  document.getElementById("gallery-empty").hidden = shown > 0;
});
