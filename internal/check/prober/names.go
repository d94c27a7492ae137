package prober

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"labctl.dev/labctl/internal/kube"
	"labctl.dev/labctl/internal/labapp/lookup"
)

const (
	// namesPatience is how long names may take to resolve. Where they never do, the
	// learner may have broken the cluster's DNS, which is theirs to mend.
	namesPatience = 20 * time.Second
	namesPoll     = 200 * time.Millisecond
	// inARow is how many lookups have to succeed one after another: as long as the way
	// to one of several DNS servers leads nowhere, only some fail.
	inARow  = 10
	aName   = "kubernetes.default.svc.cluster.local."
	perName = "500ms"
)

// AwaitNames waits until names resolve inside of the cluster, and says whether they do
// after a while. When nodes were started, the way to the cluster's DNS is there a
// moment later than its pods are.
func AwaitNames(ctx context.Context, client *kube.Client) (bool, error) {
	p := New(client)
	defer p.Close()
	err := wait.PollUntilContextTimeout(ctx, namesPoll, namesPatience, true, func(ctx context.Context) (bool, error) {
		return p.resolves(ctx), nil
	})
	return err == nil, context.Cause(ctx) // that the time is up is no error
}

// resolves says whether every lookup succeeds.
func (p *Prober) resolves(ctx context.Context) bool {
	ask := append([]string{"dns", "--timeout", perName}, slices.Repeat([]string{aName}, inARow)...)
	out, err := p.Output(ctx, ask...)
	return err == nil && allFound(out, inARow)
}

// allFound says whether the dns applet found so many names, and nothing else.
func allFound(out []byte, want int) bool {
	var answers []lookup.Result
	return json.Unmarshal(out, &answers) == nil && len(answers) == want &&
		!slices.ContainsFunc(answers, func(r lookup.Result) bool { return r.Error != "" })
}
