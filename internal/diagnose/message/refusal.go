package message

// Quota is a ResourceQuota that refused an object. The amounts are written as
// in "cpu=2,memory=1Gi".
type Quota struct {
	Name, Requested, Used, Limited string
}

// ExceededQuota reads the quota that an object would exceed.
func ExceededQuota(text string) (Quota, bool) {
	g := find(`exceeded quota: ([^,]+), requested: (.+), used: (.+), limited: (\S+)`, text)
	if g == nil {
		return Quota{}, false
	}
	return Quota{Name: g[0], Requested: g[1], Used: g[2], Limited: g[3]}, true
}

// QuotaWants reads the quota that insists on something being set, and what.
func QuotaWants(text string) (quota, fields string, ok bool) {
	g := find(`failed quota: ([^:]+): must specify (.+)$`, text)
	if g == nil {
		return "", "", false
	}
	return g[0], g[1], true
}

// LimitRange reads which bound of a LimitRange an object breaks:
// "maximum cpu usage per Container is 500m, but limit is 1".
func LimitRange(text string) (string, bool) {
	g := find(`((?:minimum|maximum) \S+ usage per \S+ is [^,\]]*?(?:, but (?:request|limit) is [^,\]\s]+|No (?:request|limit) is specified)|\S+ max limit to request ratio per [^\]]+)`, text)
	if g == nil {
		return "", false
	}
	return g[0], true
}

// PodSecurity reads the level that a pod violates, and how.
func PodSecurity(text string) (level, violations string, ok bool) {
	g := find(`violates PodSecurity "([^":]+)[^"]*": (.+)$`, text)
	if g == nil {
		return "", "", false
	}
	return g[0], g[1], true
}

// MissingServiceAccount reads the name of a service account that is not there.
func MissingServiceAccount(text string) (string, bool) {
	g := find(`error looking up service account [^/]+/([^:]+):`, text)
	if g == nil {
		return "", false
	}
	return g[0], true
}

// Webhook reads which webhook or policy refused an object, and what it said.
func Webhook(text string) (name, reason string, ok bool) {
	g := find(`(?:admission webhook "([^"]+)"|ValidatingAdmissionPolicy '([^']+)'.*?) denied (?:the )?request: (.+)$`, text)
	if g == nil {
		return "", "", false
	}
	return g[0] + g[1], g[2], true
}

// Denial is a request that RBAC refused. Namespace is empty for the cluster
// scope, Group for the core group.
type Denial struct {
	User, Verb, Resource, Group, Namespace string
}

// Denied reads a 403 of the API server, wherever it was printed; a log may have
// quoted it.
func Denied(text string) (Denial, bool) {
	const quote = `\\?"`
	word := quote + `([^"\\]*)` + quote
	g := find(`User `+word+` cannot (\S+) resource `+word+` in API group `+word+`(?: in the namespace `+word+`)?`, text)
	if g == nil {
		return Denial{}, false
	}
	return Denial{User: g[0], Verb: g[1], Resource: g[2], Group: g[3], Namespace: g[4]}, true
}
