package proxy

import (
	"net/http"
	"regexp"
)

// Shared keeps an environment to itself in an engine where others have things, too:
// it sees and touches what carries its label, and may read images. Of the
// containers, networks and volumes of others it sees none.
type Shared struct {
	// Dir is where archives are kept while they are looked through.
	Dir string
	// Tags are the names that the environment gave to images without its label.
	Tags Tags
}

// Tags remembers names of images, in full: docker.io/library/web:v1.
type Tags interface {
	Has(ref string) (bool, error)
	Add(ref string) error
	Forget(ref string) error
}

func shared(method, path string, apply func(*http.Request, []string) error) rule {
	return rule{method: method, path: regexp.MustCompile("^" + path + "$"), apply: apply, shared: true}
}

func served(method, path string, serve http.HandlerFunc) rule {
	return rule{method: method, path: regexp.MustCompile("^" + path + "$"), serve: serve, shared: true}
}

// notThere hides what a lab has nothing to do with.
func notThere(_ *http.Request, parts []string) error {
	return &Refusal{Status: http.StatusNotFound, Message: "there is no " + parts[0] + " in a lab"}
}

// refused is for what cannot be done for one environment alone.
func refused(why string) func(*http.Request, []string) error {
	return func(*http.Request, []string) error { return forbidden("labctl: " + why) }
}

// free is for what concerns nobody's things.
func free(*http.Request, []string) error { return nil }

// sharedRules know every request that an environment may make of an engine it
// shares, https://docs.docker.com/reference/api/engine/. They come first: behind
// them, names are IDs.
func (p *Proxy) sharedRules() []rule {
	const (
		get, head, post, put, remove = http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete
		// verbs are the last words of paths; names may have slashes in them.
		looks = `json|top|logs|changes|export|stats|attach/ws|archive`
		acts  = `start|stop|restart|kill|update|rename|pause|unpause|attach|wait|resize|exec`
	)
	return []rule{
		shared("", `/_ping`, free), shared(get, `/version`, free), shared(get, `/info`, free), shared(post, `/auth`, free),
		shared(get, `/distribution/.+/json`, free), shared(post, `/session`, free), shared(post, `/build/cancel`, free),
		served(get, `/events`, p.events), served(post, `/grpc`, p.serveBuilds),

		shared(get, `/containers/json`, p.onlyOurs), shared(post, `/containers/prune`, p.onlyOurs),
		shared(post, `/containers/create`, p.explainClash),
		shared(get, `/containers/(.+)(/(?:`+looks+`))`, p.ofContainer), shared(head, `/containers/(.+)(/archive)`, p.ofContainer),
		shared(post, `/containers/(.+)(/(?:`+acts+`))`, p.ofContainer), shared(put, `/containers/(.+)(/archive)`, p.ofContainer),
		shared(remove, `/containers/(.+)()`, p.ofContainer),
		shared(post, `/containers/.+/(?:start|restart|rename)`, p.explainClash),
		shared(get, `/exec/(.+)/json`, p.ofExec), shared(post, `/exec/(.+)/(?:start|resize)`, p.ofExec),
		shared(post, `/commit`, p.commit),

		shared(get, `/networks`, p.listNetworks), shared(post, `/networks/prune`, p.onlyOurs),
		shared(post, `/networks/create`, p.createNetwork),
		shared(get, `/networks/(.+)`, p.ofNetwork), shared(remove, `/networks/(.+)`, p.ofNetwork),
		shared(post, `/networks/(.+)(/(?:connect|disconnect))`, p.connect),

		shared(get, `/volumes`, p.onlyOurs), shared(post, `/volumes/prune`, p.onlyOurs),
		shared(post, `/volumes/create`, p.claimVolume),
		shared(get, `/volumes/(.+)`, p.ofVolume), shared(put, `/volumes/(.+)`, p.ofVolume), shared(remove, `/volumes/(.+)`, p.ofVolume),

		shared(get, `/images/.+`, free), // they may be read
		shared(post, `/images/prune`, p.onlyOurs), shared(post, `/images/create`, p.fetchImage), shared(post, `/images/load`, p.loadImages),
		shared(post, `/images/(.+)/tag`, p.tagImage), shared(post, `/images/(.+)/push`, p.ofImage), shared(remove, `/images/(.+)`, p.ofImage),
		shared(post, `/build`, p.nameBuild),

		// docker inspect asks for all that a name may be.
		shared(get, `/((?:swarm|services|nodes|tasks|configs|secrets|plugins)(?:/.*)?)`, notThere),
		shared(post, `/build/prune`, refused("the build cache belongs to all who build with this Docker Engine: empty it in a shell of your own, outside of the lab")),
		shared(get, `/system/df`, refused("this would count what is not the lab's: docker ps -s, docker images and docker volume ls show what is")),
	}
}
