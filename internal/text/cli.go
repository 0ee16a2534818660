package text

var cliEnglish = map[Key]string{}
