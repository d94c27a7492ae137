package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"labctl.dev/labctl/internal/lab"
)

type listDocument struct {
	versioned
	Labs []listedLab `json:"labs"`
}

type listedLab struct {
	Name    string    `json:"name"`
	Title   string    `json:"title"`
	Summary string    `json:"summary"`
	Level   lab.Level `json:"level"`
	Minutes int       `json:"minutes"`
	Tags    []string  `json:"tags"`
	Tasks   int       `json:"tasks"`
	Cluster bool      `json:"cluster"`
}

func newList(s *State) *cobra.Command {
	var output format
	var tag string
	cmd := &cobra.Command{
		Use: "list", Short: "List the labs", Args: maxArgs(0, "list takes no arguments"),
		Example: examples(s, "list", "list --tag rollout", "list -o json"),
		RunE: func(*cobra.Command, []string) error {
			labs, broken := s.catalogue(tag)
			if len(labs) == 0 && broken != nil {
				return broken
			}
			if output == formatJSON {
				if err := printJSON(s.Stdout, listDocument{version1(), orEmpty(labs)}); err != nil {
					return err
				}
			} else {
				s.printLabs(labs)
			}
			if broken != nil {
				fmt.Fprintf(s.Stderr, "%s %v\n", s.err().red("error:"), broken)
				return &verdictError{exitCode(broken)}
			}
			return nil
		},
	}
	addOutput(cmd, &output)
	cmd.Flags().StringVar(&tag, "tag", "", "only labs with this `tag`")
	return cmd
}

// catalogue reads the labs that have a tag. A lab that is broken does not hide
// the others.
func (s *State) catalogue(tag string) ([]listedLab, error) {
	c := lab.Catalogue{FS: s.Catalogue}
	names, err := c.Names()
	if err != nil {
		return nil, err
	}
	var labs []listedLab
	var broken error
	for _, name := range names {
		l, err := c.Head(name)
		if err != nil {
			broken = errors.Join(broken, err)
			continue
		}
		if tag != "" && !slices.Contains(l.Tags, tag) {
			continue
		}
		labs = append(labs, listedLab{l.Name, l.Title, l.Summary, l.Level, l.Minutes, orEmpty(l.Tags), len(l.Tasks), l.Needs.Cluster != nil})
	}
	return labs, broken
}

func (s *State) printLabs(labs []listedLab) {
	rows := make([][]string, len(labs))
	for i, l := range labs {
		rows[i] = []string{l.Name, string(l.Level), fmt.Sprintf("%d min", l.Minutes), strconv.Itoa(l.Tasks), l.Title}
	}
	s.table(strings.Fields("lab level time tasks title"), rows)
	if s.StdoutTTY {
		fmt.Fprintf(s.Stdout, "\nStart one with %s start LAB\n", s.Program())
	}
}
