package lint

var eventFilter = rule{
	Rule: Rule{"event-filter", "Filters of an event that exclude each other, or one that is missing"},
	workflow: func(p *pass) {
		for _, e := range p.workflow.On.Events {
			if e.Name == "workflow_run" && len(e.Workflows) == 0 {
				p.report(p.source.at(e.Pos), "'workflow_run' starts nothing without 'workflows', the names of the workflows to follow")
			}
			config := e.Config
			for _, name := range []string{"branches", "tags", "paths"} {
				if config.Lookup(name) != nil && config.Lookup(name+"-ignore") != nil {
					p.report(p.source.key(config, name+"-ignore"),
						"'%s' and '%s-ignore' can't both filter '%s'; keep '%s' and put '!' before what it should leave out", name, name, e.Name, name)
				}
			}
		}
	},
}
