package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"labctl.dev/labctl/internal/lab/nearest"
)

func unknownNeeds(p *pass) {
	ids, names := p.taskIDs(), p.checkNames()
	for t := range p.tasks() {
		for i, need := range t.Needs {
			if !slices.Contains(ids, need) {
				p.at(fmt.Sprintf("%s.needs[%d]", t.path, i), fmt.Sprintf("there is no task %q", need), nearest.Suggestion(need, ids))
			}
		}
	}
	for c := range p.checks() {
		for i, need := range c.Needs {
			if !slices.Contains(names, c.fullName(need)) {
				p.at(fmt.Sprintf("%s.needs[%d]", c.path, i), fmt.Sprintf("there is no check %q", need), c.suggest(need, names))
			}
		}
	}
}

// fullName is a need with its task: this check's, unless it names another.
func (c locatedCheck) fullName(need string) string {
	if strings.Contains(need, "/") {
		return need
	}
	return c.task.ID + "/" + need
}

func (c locatedCheck) suggest(need string, names []string) string {
	for _, name := range names {
		if strings.HasSuffix(name, "/"+need) {
			return fmt.Sprintf("did you mean %q, of another task?", name)
		}
	}
	return nearest.Suggestion(c.fullName(need), names)
}

// needCycles follows needs through tasks and checks alike: a check needs its
// own needs and every check of the tasks that its task needs.
func needCycles(p *pass) {
	graph, places := p.needGraph()
	state := map[string]int{} // 1: on the way, 2: done
	var way []string
	var visit func(string)
	visit = func(node string) {
		if state[node] == 1 {
			cycle := append(slices.Clone(way[slices.Index(way, node):]), node)
			p.at(places[node], fmt.Sprintf("%s can never be reached: %s", node, strings.Join(cycle, " needs ")), "")
			return
		}
		if state[node] == 2 {
			return
		}
		state[node] = 1
		way = append(way, node)
		for _, need := range graph[node] {
			visit(need)
		}
		way = way[:len(way)-1]
		state[node] = 2
	}
	for _, node := range slices.Sorted(maps.Keys(graph)) {
		visit(node)
	}
}

// needGraph has tasks ("deploy") and checks ("deploy/replicas") as its nodes.
func (p *pass) needGraph() (graph map[string][]string, places map[string]string) {
	graph, places = map[string][]string{}, map[string]string{}
	for t := range p.tasks() {
		graph[t.ID] = nil // passing a task takes passing its checks
		places[t.ID] = t.path + ".needs"
		for _, c := range t.Checks {
			graph[t.ID] = append(graph[t.ID], t.ID+"/"+c.ID)
		}
	}
	for c := range p.checks() {
		places[c.name] = c.path + ".needs"
		graph[c.name] = slices.Clone(c.task.Needs)
		for _, need := range c.Needs {
			graph[c.name] = append(graph[c.name], c.fullName(need))
		}
	}
	return graph, places
}
