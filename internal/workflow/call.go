package workflow

// callCheck checks a job's call against what the called file declares.
type callCheck struct {
	*errorList
	call *Uses
}

// against checks that the file may be called, and with the inputs and secrets
// the job gives. on is its `on:`.
func (c callCheck) against(called *CallInterface, on *Token) {
	if called == nil {
		c.fail(on, "workflow_call key is not defined in the referenced workflow.")
		return
	}
	c.inputs(called.Inputs)
	if !c.call.InheritSecrets {
		c.secrets(called.Secrets)
	}
}

func (c callCheck) inputs(declared []*Input) {
	var known foldSet
	for _, input := range declared {
		known.add(input.Name)
		if input.Default != nil {
			c.inputValue(input, input.Default)
		}
		if value := c.call.With.Lookup(input.Name); value != nil {
			c.inputValue(input, value)
		} else if input.Required {
			c.fail(c.call.Ref, "Input "+input.Name+" is required, but not provided while calling.")
		}
	}
	for key, value := range c.call.With.Pairs() {
		if !known.has(key.Str()) {
			c.fail(value, "Invalid input, "+key.Str()+" is not defined in the referenced workflow.")
		}
	}
}

// inputValue checks that a literal has the type of the input.
func (c callCheck) inputValue(input *Input, value *Token) {
	id := shapeInputString
	switch input.Type {
	case "boolean":
		id = shapeInputBoolean
	case "number":
		id = shapeInputNumber
	}
	switch value.Kind() {
	case TokenExpression, TokenInsert:
	case TokenSequence:
		c.fail(value, "A sequence was not expected")
	case TokenMapping:
		c.fail(value, "A mapping was not expected")
	default:
		s := &shapes[id]
		if value.Kind() != TokenString && s.scalars&acceptsKind[value.Kind()] != 0 || s.acceptsText(value.Str()) {
			return
		}
		c.fail(value, "Unexpected value '"+value.Str()+"'")
	}
}

func (c callCheck) secrets(declared []*CallSecret) {
	var known foldSet
	for _, secret := range declared {
		known.add(secret.Name)
		if secret.Required && c.call.Secrets.Lookup(secret.Name) == nil {
			c.fail(c.call.Ref, "Secret "+secret.Name+" is required, but not provided while calling.")
		}
	}
	for key, value := range c.call.Secrets.Pairs() {
		if !known.has(key.Str()) {
			c.fail(value, "Invalid secret, "+key.Str()+" is not defined in the referenced workflow.")
		}
	}
}
