window.SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#api',
  // a link inside the button of each operation could not be reached by keyboard
  deepLinking: false,
  // no badge of an outside validator: the page must work without the internet
  validatorUrl: null,
  onComplete() {
    document.querySelector('#servers')?.setAttribute('aria-label', 'Servers')
  },
})
