// New and replaced credentials: the form comes from the connector's own credential model.
import { fetchJson, h, icon, readJson } from "./dom.js";
import { SchemaForm } from "./schema-form.js";
import { toast } from "./toast.js";

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

// Signing in happens over there; with an account for each caller there is nothing to enter here at all.
function arrange() {
  const one = choice();
  const each = !replaceUrl && $("connection-owner").value === "each";
  $("connection-fields").hidden = one.sign_in || each;
  $("connection-access-field").hidden = !one.reads_less || each;
  $("connection-submit").disabled = !one.is_ready && !each;
  $("connection-submit").textContent = each ? gettext("Save") : one.sign_in ? interpolate(gettext("Continue to %s"), [one.title]) : gettext("Save and test");
  tell(one.is_ready || each ? [] : [gettext("The operator of this site has not registered it with this service yet.")]);
}

function show() {
  const one = choice();
  if (!one) return;
  form = one.sign_in ? null : new SchemaForm($("connection-fields"), one.schema);
  arrange();
  if (!replaceUrl) $("connection-name").value = one.title;
  $("connection-about").replaceChildren(
    one.description,
    one.mode === "sandbox" ? ` ${gettext("It answers with sample data until the operator switches it to live.")}` : "",
    one.docs_url && !one.sign_in ? h("a", { href: one.docs_url, target: "_blank", rel: "noopener" }, ` ${gettext("Where to get the key")}`, icon("external")) : "",
  );
}

// The browser leaves for the service from here and not by a form: the policy of the site lets forms lead nowhere else.
async function signIn(body) {
  location.href = (await fetchJson(data.connect_url, { method: "POST", body })).url;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-sign-in]");
  if (!button) return;
  button.disabled = true;
  try {
    await signIn({ connection: button.dataset.signIn });
  } catch (error) {
    button.disabled = false;
    toast(error.message, "danger");
  }
});

if (dialog) {
  $("connection-connector").addEventListener("change", show);
  $("connection-owner").addEventListener("change", arrange);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-replace], [data-dialog=connect-service]");
    if (!button) return;
    replaceUrl = button.dataset.replace ?? "";
    for (const id of ["connection-choice", "connection-name-field", "connection-owner-field"]) $(id).hidden = Boolean(replaceUrl);
    $("connect-title").textContent = replaceUrl ? interpolate(gettext("Replace the values of %s"), [button.dataset.name]) : gettext("New connection");
    if (replaceUrl) {
      $("connection-connector").value = button.dataset.connector;
      dialog.showModal();
    }
    show();
  });
  $("connection-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const one = choice();
    const owner = $("connection-owner").value;
    const each = !replaceUrl && owner === "each";
    if (!each && form && !form.validate()) return;
    const button = event.submitter;
    button.disabled = true;
    try {
      const about = { connector: one.id, name: $("connection-name").value, personal: owner === "me" };
      if (each) location.href = (await fetchJson(data.create_url, { method: "POST", body: { ...about, each_caller: true } })).url;
      else if (one.sign_in) await signIn({ ...about, access: one.reads_less ? $("connection-access").value : "full" });
      else {
        const values = form.value();
        location.href = (await fetchJson(replaceUrl || data.create_url, { method: "POST", body: replaceUrl ? { values } : { ...about, values } })).url;
      }
    } catch (error) {
      const rest = form ? form.problems(error.problem?.problems) : [];
      tell([error.message, ...rest]);
      button.disabled = false;
    }
  });
}

if (dialog && data.choices.some((one) => one.id === data.wanted)) {
  document.querySelector("[data-dialog=connect-service]")?.click();
  $("connection-connector").value = data.wanted;
  show();
}
