// What scripts add to an upload: a place to drop the file, its name, progress, a way to stop, and a list that renews
// itself while files are being scanned or made. Without them the form and a reload do the same.

const POLL_EVERY = 3000;
const POLL_FOR = 120_000;
const MEGABYTE = 1024 * 1024;

const megabytes = (size) => (Math.ceil((size * 10) / MEGABYTE) / 10).toFixed(1).replace(".", ",");
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

const parse = (html) => new DOMParser().parseFromString(html, "text/html");

// The answer to an upload takes the place of the page: the list of files, or the form with what is wrong.
const show = (answer, address) => {
  const main = answer.querySelector("main");
  if (!main || !answer.querySelector("script[src*='/upload']")) return location.assign(address);
  document.querySelector("main").replaceWith(main);
  document.title = answer.title;
  history.replaceState(null, "", address);
  scrollTo(0, 0);
  (document.getElementById("feil") ?? main).focus();
  begin();
};

const enhance = (area) => {
  const form = area.closest("form");
  const input = area.querySelector("input[type=file]");
  const bar = area.querySelector("progress");
  const status = area.querySelector("[data-upload-status]");
  const stop = form.querySelector("[data-upload-stop]");
  const hint = area.querySelector("[data-upload-hint]");

  const isTooLarge = () => input.files[0]?.size > Number(area.dataset.largest);
  // As the server says it: beside the field, and with the field marked as wrong.
  const complain = (text) => {
    const id = `${input.id}-feil`;
    const others = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
    document.getElementById(id)?.remove();
    input.toggleAttribute("aria-invalid", false);
    if (text) {
      const message = Object.assign(document.createElement("p"), { id, className: "ds-validation-message", textContent: text });
      input.after(message);
      input.setAttribute("aria-invalid", "true");
      others.unshift(id);
    }
    input.setAttribute("aria-describedby", others.join(" "));
  };
  const tell = () => {
    const file = input.files[0];
    const values = file && { navn: file.name, n: megabytes(file.size) };
    complain(isTooLarge() ? fill(area.dataset.tooLarge, values) : "");
    status.textContent = file && !isTooLarge() ? fill(area.dataset.chosen, values) : "";
  };
  const rest = (text) => {
    bar.hidden = stop.hidden = true;
    status.textContent = text;
    dispatchEvent(new Event("pageshow")); // the button is as before, and may be pressed again
  };

  hint.hidden = false;
  input.addEventListener("change", tell);
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("opplasting--over");
  });
  for (const name of ["dragleave", "drop"]) area.addEventListener(name, () => area.classList.remove("opplasting--over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    tell();
    input.focus();
  });

  form.addEventListener("submit", (event) => {
    if (form.dataset.sent || !input.files.length) return; // the server says what is missing
    event.preventDefault();
    if (isTooLarge()) {
      event.stopPropagation();
      tell();
      input.focus();
      return;
    }
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = loaded / total;
      status.textContent = fill(area.dataset.progress, { n: megabytes(loaded), m: megabytes(total) });
    });
    request.addEventListener("load", () => {
      const answer = parse(request.responseText);
      if (request.status < 400 || request.status === 422) show(answer, request.responseURL);
      else rest(answer.querySelector("main p")?.textContent ?? area.dataset.failed);
    });
    request.addEventListener("error", () => rest(area.dataset.failed));
    request.addEventListener("abort", () => {
      rest(area.dataset.stopped);
      input.focus();
    });
    stop.onclick = () => request.abort();
    bar.value = 0;
    bar.hidden = stop.hidden = false;
    request.send(new FormData(form));
  });
};

const poll = (list, until) => {
  setTimeout(async () => {
    if (!list.isConnected || Date.now() > until) return;
    const headers = { "X-Partial": list.dataset.pollPart };
    const answer = await fetch(list.dataset.poll, { headers, redirect: "manual" }).catch(() => null);
    if (answer?.type === "opaqueredirect") return location.reload();
    if (!answer?.ok) return poll(list, until);
    const page = parse(await answer.text());
    if (page.title && page.title !== document.title) return location.reload(); // it says something else as a whole
    const fresh = page.getElementById(list.id);
    if (fresh.innerHTML !== list.innerHTML) {
      const pressed = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
      list.innerHTML = fresh.innerHTML;
      if (pressed) list.querySelector(`[href="${pressed}"]`)?.focus();
    }
    if ("poll" in fresh.dataset) poll(list, until);
  }, POLL_EVERY);
};

const begin = () => {
  for (const area of document.querySelectorAll("[data-upload]")) enhance(area);
  for (const list of document.querySelectorAll("[data-poll]")) poll(list, Date.now() + POLL_FOR);
};

begin();
