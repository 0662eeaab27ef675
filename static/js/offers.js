// Prompts and resources of a server: one dialog with a form from the schema of what is edited.
import { fetchJson, h, icon, readJson } from "./dom.js";
import { SchemaForm } from "./schema-form.js";
import { toast } from "./toast.js";

const data = readJson("offer-data");
const element = (id) => document.getElementById(id);
let form = null;
let edited = null;

const title = (kind, name) => {
  if (kind === "prompts") return name ? gettext("Edit the prompt") : gettext("Add a prompt");
  return name ? gettext("Edit the resource") : gettext("Add a resource");
};

function open(kind, name) {
  edited = { kind, name };
  const value = data[kind].values.find((one) => one.name === name);
  // Empty texts are what was left out; as values they would look like content.
  const shown = value && Object.fromEntries(Object.entries(value).filter(([, part]) => part !== "" && part !== null));
  element("offer-title").textContent = title(kind, name);
  element("offer-problems").replaceChildren();
  form = new SchemaForm(element("offer-fields"), data[kind].schema, { value: shown });
  element("offer").showModal();
}

async function save(kind, body) {
  const { url } = await fetchJson(data[kind].url, { method: "POST", body });
  location.href = url;
  // Only the part behind the # may differ.
  location.reload();
}

async function remove(kind, name) {
  if (!confirm(interpolate(gettext("Take out “%s”? Clients do not find it any more."), [name]))) return;
  try {
    await save(kind, { name, value: null });
  } catch (error) {
    toast(error.message, "danger");
  }
}

export function initOffers() {
  if (!data) return;
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-offer], [data-offer-remove]");
    if (!button) return;
    if (button.dataset.offer) open(button.dataset.offer, button.dataset.name ?? "");
    else remove(button.dataset.offerRemove, button.dataset.name);
  });
  element("offer-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!form.validate()) return;
    const { kind, name } = edited;
    event.submitter.disabled = true;
    try {
      await save(kind, { name, value: form.value() });
    } catch (error) {
      const found = (error.problem?.problems ?? []).map((one) => ({ ...one, field: (one.field ?? "").replace(/^(prompts|resources)\.\d+\.?/, "") }));
      const lines = [error.message, ...form.problems(found), error.problem?.remedy].filter(Boolean);
      element("offer-problems").replaceChildren(...lines.map((line) => h("p", { class: "field-errors", role: "alert" }, icon("alert"), h("span", {}, line))));
      event.submitter.disabled = false;
    }
  });
}
