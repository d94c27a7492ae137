// Package web is the service the labs deploy: an HTTP server that behaves
// well by default and badly on demand.
//
// One handler chain serves everything: identify -> observe (log, metrics) ->
// hang -> mux. Application endpoints also pass the injected faults; probes,
// metrics and the admin knobs do not.
package web
