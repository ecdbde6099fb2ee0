package awssim

func (w *World) sts() service {
	return service{
		namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		actions: map[string]action{
			"GetCallerIdentity": func(r *request) (any, error) {
				return struct{ Arn, UserId, Account string }{w.user(), userID, w.account}, nil
			},
		},
	}
}

// iam knows who is asking and nothing else: the provider asks for it to learn
// the account.
func (w *World) iam() service {
	type user struct{ Arn, UserId, UserName, Path string }
	return service{
		namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		actions: map[string]action{
			"GetUser": func(r *request) (any, error) {
				return struct{ User user }{user{w.user(), userID, "test", "/"}}, nil
			},
		},
	}
}

const userID = "AIDA0000000000000TEST"

func (w *World) user() string { return "arn:aws:iam::" + w.account + ":user/test" }
