// What scripts add; every page works without them. Nothing here is stored in the browser.

const WARN_BEFORE = 120; // seconds: the session dialog's text says 2 minutes
const SAVE_AFTER = 1000; // milliseconds of silence before a draft is saved
const SAVE_ON_LEAVING = 300;
const LONGEST_WAIT = 3000; // for a server that does not answer
const RETRY_AFTER = 10_000;
const ANNOUNCE_EVERY = 30_000;

const post = (form, headers = {}) =>
  fetch(form.action, {
    method: "POST", body: new FormData(form), headers, redirect: "manual", credentials: "same-origin", keepalive: true,
  });

// The error summary takes focus by its autofocus; repeated here for browsers that ignore it. Whoever comes back to the
// page is shown it anew, and not asked by the browser whether to send the form again.
const problems = document.getElementById("feil");
if (problems) {
  problems.focus();
  history.replaceState(null, "", location.href);
}

// A date half typed is to the browser no date at all: sent as what it is, so that it is not taken for an empty field.
document.addEventListener("formdata", ({ target, formData }) => {
  if (target.method !== "post") return;
  for (const field of target.elements) if (field.validity?.badInput) formData.set(field.name, "?");
});

// A pressed button says what is happening, and a second press does nothing. The server has the last word (form key).
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.matches("[data-appearance], [data-okt-forleng]")) return;
  if (form.saving) {
    // A save of the same page is on its way: what it changes must not look like somebody else's change.
    event.preventDefault();
    form.saving.finally(() => form.requestSubmit(event.submitter));
    return;
  }
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  const button = event.submitter;
  if (button?.dataset.busy) {
    button.dataset.rest = button.textContent;
    button.textContent = button.dataset.busy;
    button.setAttribute("aria-busy", "true");
  }
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[data-rest]")) {
    button.textContent = button.dataset.rest;
    button.removeAttribute("aria-busy");
    delete button.dataset.rest;
  }
});

// Colour scheme without a reload, so that nothing typed is lost.
for (const form of document.querySelectorAll("[data-appearance]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = event.submitter;
    const body = new FormData(form);
    body.set(chosen.name, chosen.value);
    document.documentElement.dataset.colorScheme = chosen.dataset.scheme;
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === chosen));
    await fetch(form.action, { method: "POST", body, redirect: "manual", credentials: "same-origin" }).catch(() => {});
  });
}

// Drafts: saved one second after typing stops, when a field is left, and when the page is.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const status = form.querySelector("[data-autosave-status]");
  let timer, changed = false, last = { ok: null, at: 0 };

  const tell = (ok, text) => {
    if (!status || (ok === last.ok && Date.now() - last.at < ANNOUNCE_EVERY)) return;
    status.textContent = text;
    last = { ok, at: Date.now() };
  };
  const save = async () => {
    clearTimeout(timer);
    if (!changed || form.saving || form.dataset.sent) return;
    changed = false;
    form.saving = post(form, { "X-Autosave": "1" }).catch(() => null);
    const answer = await form.saving;
    delete form.saving;
    if (answer?.ok) {
      const now = new Date();
      const time = [now.getHours(), now.getMinutes()].map((part) => String(part).padStart(2, "0")).join(".");
      tell(true, form.dataset.saved.replace("{tid}", time));
      // What the page has now seen: its own saves are nobody else's change.
      if (form.elements.seen && answer.headers.has("X-Seen")) form.elements.seen.value = answer.headers.get("X-Seen");
      document.dispatchEvent(new Event("helsereserven:active"));
    } else if (answer?.status !== 422) {
      // 422 is a half-typed value: shown when the step is left, not while typing.
      changed = true;
      tell(false, form.dataset.failed);
      timer = setTimeout(save, RETRY_AFTER);
    }
    if (changed && answer?.ok) timer = setTimeout(save, SAVE_AFTER);
  };
  form.addEventListener("input", () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_AFTER);
  });
  form.addEventListener("change", () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_ON_LEAVING); // a field left by pressing a button is sent by the button
  });
  // A link is followed when what was typed is saved: the page it leads to, in another language too, then shows it.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[href]");
    const isSpecial = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || isSpecial || event.defaultPrevented || link.hasAttribute("download")) return;
    if (!changed && !form.saving) return;
    event.preventDefault();
    const saved = Promise.resolve(form.saving).then(save);
    await Promise.race([saved, new Promise((done) => setTimeout(done, LONGEST_WAIT))]);
    location.assign(link.href);
  });
  document.addEventListener("visibilitychange", () => document.hidden && save());
}

// Where a postal code is, told when its field is left.
for (const place of document.querySelectorAll("[data-place]")) {
  document.getElementById(place.dataset.of)?.addEventListener("change", async (event) => {
    const address = `${place.dataset.place}?postnummer=${encodeURIComponent(event.target.value)}`;
    const answer = await fetch(address, { redirect: "error" }).catch(() => null);
    if (answer?.ok) place.textContent = await answer.text();
  });
}

// Characters left, counted as the server counts: code points, one for a line break.
for (const counter of document.querySelectorAll("[data-counter]")) {
  const field = document.getElementById(counter.dataset.counter);
  if (!field) continue;
  let timer;
  const show = () => {
    const left = Number(counter.dataset.limit) - [...field.value].length;
    counter.textContent = (left < 0 ? counter.dataset.over : counter.dataset.under).replace("{n}", String(Math.abs(left)));
    counter.hidden = false;
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, SAVE_AFTER);
  });
  if (field.value) show();
}

// How much is chosen of each county, told in its heading while one chooses.
for (const areas of document.querySelectorAll("[data-areas]")) {
  areas.addEventListener("change", (event) => {
    const county = event.target.closest("details");
    const [whole, ...places] = county.querySelectorAll("input");
    const chosen = places.filter((place) => place.checked).length;
    county.querySelector(".antall").textContent =
      whole.checked ? areas.dataset.whole : chosen ? areas.dataset.some.replace("{n}", String(chosen)) : "";
  });
}

// A municipality pressed on the map is ticked in the list beside it, and what is ticked there is coloured here.
for (const shape of document.querySelectorAll('.kart [href^="#"]')) {
  const box = document.getElementById(shape.getAttribute("href").slice(1));
  const whole = box.form.elements.whole;
  const colour = () => shape.classList.toggle("hele", box.checked || whole.checked);
  shape.addEventListener("click", (event) => {
    event.preventDefault();
    box.checked = !box.checked;
    colour();
  });
  box.addEventListener("change", colour);
  whole.addEventListener("change", colour);
}

// Copy a reference number.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.nextElementSibling.textContent = button.dataset.copied;
    const text = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = text; button.nextElementSibling.textContent = ""; }, 4000);
  });
}

// Warning before the session ends. Activity in another tab keeps this one signed in too.
const dialog = document.getElementById("okt");
if (dialog) {
  const idle = Number(dialog.dataset.idle);
  const part = (name) => dialog.querySelector(`[data-okt="${name}"]`);
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("okt") : null;
  let warning, end;

  const restart = () => {
    clearTimeout(warning);
    clearTimeout(end);
    if (part("over").hidden) dialog.close();
    warning = setTimeout(() => dialog.open || dialog.showModal(), (idle - WARN_BEFORE) * 1000);
    end = setTimeout(() => {
      part("varsel").hidden = true;
      part("over").hidden = false;
      dialog.removeAttribute("aria-labelledby");
      dialog.setAttribute("aria-label", part("over").querySelector("h2").textContent);
      if (!dialog.open) dialog.showModal();
    }, idle * 1000);
  };
  const extended = () => {
    tabs?.postMessage("forlenget");
    restart();
  };
  tabs?.addEventListener("message", restart);
  dialog.querySelector("[data-okt-forleng]").addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await post(event.target).catch(() => null);
    if (answer?.ok) extended();
    else dialog.close();
  });
  // Saving a draft is activity as well.
  document.addEventListener("helsereserven:active", extended);
  extended();
}
