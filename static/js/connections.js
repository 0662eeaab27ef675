// New and replaced credentials: the form comes from the connector's own credential model.
import { fetchJson, h, icon, readJson } from "./dom.js";
import { SchemaForm } from "./schema-form.js";

const data = readJson("connection-data");
const $ = (id) => document.getElementById(id);
const dialog = $("connect-service");
let form = null;
let replaceUrl = "";

function choice() {
  return data.choices.find((one) => one.id === $("connection-connector").value);
}

function tell(messages) {
  $("connection-problems").replaceChildren(...messages.map((message) => h("p", { class: "field-errors", role: "alert" }, icon("alert"), h("span", {}, message))));
}

function show() {
  const one = choice();
  if (!one) return;
  tell([]);
  form = new SchemaForm($("connection-fields"), one.schema);
  if (!replaceUrl) $("connection-name").value = one.title;
  $("connection-about").replaceChildren(
    one.description,
    one.mode === "sandbox" ? ` ${gettext("It answers with sample data until the operator switches it to live.")}` : "",
    one.docs_url ? h("a", { href: one.docs_url, target: "_blank", rel: "noopener" }, ` ${gettext("Where to get the key")}`, icon("external")) : "",
  );
}

if (dialog) {
  $("connection-connector").addEventListener("change", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-replace], [data-dialog=connect-service]");
    if (!button) return;
    replaceUrl = button.dataset.replace ?? "";
    for (const id of ["connection-choice", "connection-name-field", "connection-personal-field"]) $(id).hidden = Boolean(replaceUrl);
    $("connect-title").textContent = replaceUrl ? interpolate(gettext("Replace the values of %s"), [button.dataset.name]) : gettext("New connection");
    if (replaceUrl) {
      $("connection-connector").value = button.dataset.connector;
      dialog.showModal();
    }
    show();
  });
  $("connection-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!form?.validate()) return;
    const button = event.submitter;
    button.disabled = true;
    try {
      const values = form.value();
      const body = replaceUrl ? { values } : { connector: choice().id, name: $("connection-name").value, personal: $("connection-personal").checked, values };
      location.href = (await fetchJson(replaceUrl || data.create_url, { method: "POST", body })).url;
    } catch (error) {
      const rest = form.problems(error.problem?.problems);
      tell([error.message, ...rest]);
      button.disabled = false;
    }
  });
}
