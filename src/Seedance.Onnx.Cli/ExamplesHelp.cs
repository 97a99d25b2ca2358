using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Seedance.Onnx.Cli;

/// <summary>The usual help, followed by the command's examples.</summary>
internal sealed class ExamplesHelp(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int exitCode = help.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is DocumentedCommand { Examples: { Count: > 0 } examples })
        {
            output.WriteLine("Examples:");
            foreach (string example in examples)
            {
                output.WriteLine("  " + example);
            }
        }

        return exitCode;
    }
}
