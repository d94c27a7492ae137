package verdict

import (
	"context"
	"runtime"
	"sync"
)

// keepBusy spins on every core until the context ends or the returned function
// is called, which waits for the end.
func keepBusy(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for n := 0; ; n++ {
				if n%1_000_000 == 0 && ctx.Err() != nil {
					return
				}
			}
		})
	}
	return func() { cancel(); wg.Wait() }
}
