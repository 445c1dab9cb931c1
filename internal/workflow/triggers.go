package workflow

// triggerConverter turns `on:` into events, and into the interface of a file
// that can be called.
type triggerConverter struct {
	*errorList
	events []*Event
	call   *CallInterface // nil: the file cannot be called
}

func (c *triggerConverter) convert(t *Token) {
	switch t.Kind() {
	case TokenString:
		c.event(t, nil)
	case TokenSequence:
		for _, item := range t.Items() {
			c.event(item, nil)
		}
	case TokenMapping:
		for key, value := range t.Pairs() {
			c.event(key, value)
		}
	}
}

// event reads one trigger; config is nil where the file has but its name.
func (c *triggerConverter) event(name, config *Token) {
	e := &Event{Name: name.Str(), Pos: name.Pos(), Config: config}
	c.events = append(c.events, e)
	switch e.Name {
	case "workflow_call":
		c.call = newCallInterface(config)
	case "workflow_dispatch":
		e.Inputs = c.dispatchInputs(config)
	case "schedule":
		e.Schedules = c.schedules(config)
	default:
		e.setFilters(config)
	}
}

func (e *Event) setFilters(t *Token) {
	for key, value := range t.Pairs() {
		switch key.Str() {
		case "types":
			e.Types = stringList(value)
		case "branches":
			e.Branches = stringList(value)
		case "branches-ignore":
			e.BranchesIgnore = stringList(value)
		case "tags":
			e.Tags = stringList(value)
		case "tags-ignore":
			e.TagsIgnore = stringList(value)
		case "paths":
			e.Paths = stringList(value)
		case "paths-ignore":
			e.PathsIgnore = stringList(value)
		case "workflows":
			e.Workflows = stringList(value)
		}
	}
}

// stringList returns the strings of a string or sequence; not nil.
func stringList(t *Token) []string {
	tokens := stringTokens(t)
	list := make([]string, len(tokens))
	for i, token := range tokens {
		list[i] = token.Str()
	}
	return list
}

func (c *triggerConverter) schedules(t *Token) []Schedule {
	var schedules []Schedule
	for _, item := range t.Items() {
		s := Schedule{Pos: item.Pos(), Timezone: item.Lookup("timezone").Str()}
		cron := item.Lookup("cron")
		s.Cron = cron.Str()
		if !ValidCron(s.Cron) {
			c.fail(cron, "Invalid cron expression. Expected format: '* * * * *' (minute hour day month weekday)")
		}
		schedules = append(schedules, s)
	}
	return schedules
}
