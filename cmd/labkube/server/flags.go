package server

import (
	"fmt"

	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
)

// setFlags sets a component's options by its documented flags: they are what
// its users know and they outlive its internal types.
func setFlags(component string, sets cliflag.NamedFlagSets, flags map[string]string) error {
	all := pflag.NewFlagSet(component, pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		all.AddFlagSet(set)
	}
	for name, value := range flags {
		if err := all.Set(name, value); err != nil {
			return fmt.Errorf("%s: %w", component, err)
		}
	}
	return nil
}
