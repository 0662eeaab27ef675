// Starts the reader of the API document that the page has. Requests go to this site only; writes by a signed-in
// person carry the CSRF token.
/* global SwaggerUIBundle, Redoc */
(() => {
  const swagger = document.getElementById("api-swagger");
  if (swagger) {
    SwaggerUIBundle({
      url: swagger.dataset.document,
      domNode: swagger,
      deepLinking: true,
      displayOperationId: true,
      docExpansion: "none",
      filter: true,
      validatorUrl: null,
      presets: [SwaggerUIBundle.presets.apis],
      requestInterceptor: (request) => {
        if (new URL(request.url, location.href).origin === location.origin) {
          request.headers["X-CSRFToken"] = swagger.dataset.csrf;
        }
        return request;
      },
    });
    return;
  }
  const redoc = document.getElementById("api-redoc");
  // ReDoc's footer shows a picture from a CDN. No request leaves this site, so it stays without.
  const isElsewhere = (address) => /^https?:/.test(address) && new URL(address).origin !== location.origin;
  const { setAttribute } = HTMLImageElement.prototype;
  const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
  HTMLImageElement.prototype.setAttribute = function (name, value) {
    if (name !== "src" || !isElsewhere(value)) setAttribute.call(this, name, value);
  };
  Object.defineProperty(HTMLImageElement.prototype, "src", {
    ...source,
    set(value) {
      if (!isElsewhere(value)) source.set.call(this, value);
    },
  });
  Redoc.init(
    redoc.dataset.document,
    {
      disableSearch: false,
      hideDownloadButtons: true,
      nativeScrollbars: true,
      scrollYOffset: 0,
      theme: {
        colors: { primary: { main: "#1f6feb" } },
        typography: {
          fontFamily: 'system-ui, "Noto Sans KR", sans-serif',
          headings: { fontFamily: 'system-ui, "Noto Sans KR", sans-serif' },
          code: { fontFamily: "ui-monospace, monospace" },
        },
      },
    },
    redoc,
  );
})();
