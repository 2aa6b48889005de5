window.SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  // no badge of an outside validator: the page must work without the internet
  validatorUrl: null,
})
