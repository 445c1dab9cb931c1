package workflow

import "slices"

// maxDispatchInputs is how many inputs GitHub lets a workflow_dispatch have.
const maxDispatchInputs = 25

// dispatchInputs reads `workflow_dispatch:`. GitHub
// lets unknown keys pass where there are no inputs.
func (c *triggerConverter) dispatchInputs(t *Token) []*Input {
	declared := t.Lookup("inputs")
	if declared == nil {
		return nil
	}
	c.knownKeys(t, "inputs")
	var inputs []*Input
	for key, value := range declared.Pairs() {
		c.knownKeys(value, "description", "type", "required", "default", "options")
		input := newInput(key, value)
		c.checkDispatchInput(input, value)
		inputs = append(inputs, input)
	}
	if len(inputs) > maxDispatchInputs {
		c.fail(declared, "you may only define up to "+itoa(maxDispatchInputs)+" `inputs` for a `workflow_dispatch` event")
	}
	return inputs
}

// knownKeys rejects keys of the mapping t that are not among names.
func (c *triggerConverter) knownKeys(t *Token, names ...string) {
	for key := range t.Pairs() {
		if !slices.Contains(names, key.Str()) {
			c.fail(key, "Unexpected value '"+key.Str()+"'")
		}
	}
}

// checkDispatchInput checks what depends on the type of an input. GitHub takes
// a default of any scalar type and converts it when the run starts.
func (c *triggerConverter) checkDispatchInput(input *Input, t *Token) {
	switch options := t.Lookup("options"); {
	case input.Type == "choice" && options.Len() == 0:
		c.fail(t, "Missing 'options' for choice input")
	case input.Type != "choice" && options != nil:
		c.fail(t, "Input type is not 'choice', but 'options' is defined")
	}
	if d := input.Default; input.Type == "boolean" && d != nil && d.Str() != "" {
		if _, ok := parseBoolean(d.Str()); !ok {
			c.expect(d, TokenBoolean, "input default")
		}
	}
}

func newInput(key, t *Token) *Input {
	input := &Input{Name: key.Str(), Pos: key.Pos(), Type: "string"}
	for key, value := range t.Pairs() {
		switch key.Str() {
		case "type":
			input.Type = value.Str()
		case "description":
			input.Description = value.Str()
		case "required":
			input.Required = value.Bool()
		case "default":
			input.Default = value
		case "options":
			input.Options = stringList(value)
		}
	}
	return input
}

// newCallInterface reads `workflow_call:`.
func newCallInterface(t *Token) *CallInterface {
	call := &CallInterface{}
	for key, value := range t.Lookup("inputs").Pairs() {
		call.Inputs = append(call.Inputs, newInput(key, value))
	}
	for key, value := range t.Lookup("secrets").Pairs() {
		call.Secrets = append(call.Secrets, &CallSecret{Name: key.Str(), Pos: key.Pos(), Required: value.Lookup("required").Bool()})
	}
	for key, value := range t.Lookup("outputs").Pairs() {
		call.Outputs = append(call.Outputs, &CallOutput{Name: key.Str(), Pos: key.Pos(), Value: value.Lookup("value")})
	}
	return call
}
