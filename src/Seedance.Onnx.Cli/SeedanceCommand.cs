using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;

namespace Seedance.Onnx.Cli;

/// <summary>The whole command line: arguments in, an exit code out. Everything that a command does lies below, in Seedance.Onnx.</summary>
internal static class SeedanceCommand
{
    public const string Name = "seedance";

    /// <summary>The version, without the build's commit.</summary>
    public static string Version { get; } =
        typeof(SeedanceCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Runs one command.</summary>
    /// <param name="args">The arguments, without the program's name.</param>
    /// <param name="host">Where it writes, and what it sees.</param>
    /// <param name="cancellationToken">Stops it; the exit code is then 130.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, CommandHost host, CancellationToken cancellationToken)
    {
        try
        {
            // A prompt that begins with @ is a prompt, not a file of arguments.
            ParseResult parsed = Create(host).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            IReadOnlyList<string> problems = UsageProblems.Find(parsed);
            if (problems.Count > 0)
            {
                Failure.Write(host, problems);
                return ExitCode.Usage;
            }

            InvocationConfiguration invocation = new()
            {
                Output = host.Output,
                Error = host.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // signals are the caller's: they cancel the token
            };
            return await parsed.InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The one place where errors become exit codes.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return Failure.Report(error, host, cancellationToken);
        }
    }

    private static DocumentedCommand Create(CommandHost host)
    {
        HelpOption help = new("--help", "-h", "-?") { Description = "Show this help." };
        ExamplesHelp showHelp = new((HelpAction)help.Action!);
        help.Action = showHelp;
        Option<bool> version = new("--version") { Description = "Show the version." };
        DocumentedCommand root = new(
            Name,
            "Makes videos from words, on this machine: a sentence goes in, an MP4 comes out.",
            "seedance generate \"a red ball moves to the right\" -o red.mp4",
            "seedance storyboard red.mp4 -o red.png",
            "seedance doctor")
        {
            GenerateCommand.Create(host),
            DecodeCommand.Create(host),
            UpscaleCommand.Create(host),
            StoryboardCommand.Create(host),
            InspectCommand.Create(host),
            OptimizeCommand.Create(host),
            BenchCommand.Create(host),
            PlanCommand.Create(host),
            DoctorCommand.Create(host),
            ServeCommand.Create(host),
            WorkerCommand.Create(host),
            help,
            version,
        };
        root.SetAction(parsed =>
        {
            if (!parsed.GetValue(version))
            {
                return showHelp.Invoke(parsed);
            }

            host.Output.WriteLine(Version);
            return ExitCode.Done;
        });
        return root;
    }
}
