package lint

import "slipway/internal/workflow"

var hardCodedPassword = rule{
	Rule: Rule{"hard-coded-password", "A registry password stands in the file itself"},
	job: func(p *pass, j *workflow.Job) {
		checkPassword(p, j.Container)
		for _, service := range j.Services.Pairs() {
			checkPassword(p, service)
		}
	},
}

func checkPassword(p *pass, container *workflow.Token) {
	password := container.Lookup("credentials").Lookup("password")
	switch password.Kind() {
	case workflow.TokenString, workflow.TokenNumber:
		if password.Str() != "" {
			p.report(p.source.scalar(password), "%s", "this password can be read by everyone who can read the repository; keep it in a secret and write ${{ secrets.NAME }}")
		}
	}
}
