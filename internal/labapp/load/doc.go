// Package load is the load generator. It sends requests at a constant rate
// whatever the answers (an open loop), because users do not wait for each
// other: latency counts from the moment a request was due, so a stall shows
// up in full instead of being hidden by the requests not sent meanwhile.
//
// Connections are not reused unless asked: a kept connection stays with one
// pod, so neither load balancing nor the removal of an endpoint would be
// exercised.
package load
