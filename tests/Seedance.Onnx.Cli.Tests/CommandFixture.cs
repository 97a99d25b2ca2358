using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Cli;

/// <summary>
/// Runs commands in this process as if in a folder of their own, with the tiny pack, and with a shell script for FFmpeg that keeps its
/// arguments and writes the frames as they come.
/// </summary>
internal sealed class CommandFixture : IDisposable
{
    private const string KeepFrames = "cat > \"$OUT\"";

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public CommandFixture()
    {
        foreach (string folder in new[] { Work, Programs })
        {
            Directory.CreateDirectory(folder);
        }

        _folder.Fill(RepositoryFolder.PathOf("tests", "Shared", "tiny-pack"), "pack");
        Set("SEEDANCE_PACK", Pack);
        Set("SEEDANCE_FFMPEG", Programs);
        SetFFmpeg(KeepFrames);
    }

    /// <summary>The folder that commands run in, and write to.</summary>
    public string Work => _folder.PathOf("work");

    /// <summary>A copy of the tiny pack.</summary>
    public string Pack => _folder.PathOf("pack");

    public string Programs => _folder.PathOf("programs");

    /// <summary>Names of everything in <see cref="Work"/>, hidden files too.</summary>
    public IEnumerable<string> Names => Directory.EnumerateFileSystemEntries(Work).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal);

    /// <summary>What FFmpeg was asked, one argument a line.</summary>
    public string FFmpegArguments => File.ReadAllText(Path.Combine(Programs, "arguments"));

    public string InWork(string name) => Path.Combine(Work, name);

    public void Set(string variable, string value) => _variables[variable] = value;

    /// <summary>Makes ffmpeg a script; $OUT is the file that it was asked to write.</summary>
    public void SetFFmpeg(string script)
    {
        foreach (string program in new[] { "ffmpeg", "ffprobe" })
        {
            string path = Path.Combine(Programs, program);
            File.WriteAllText(path, $"""
                #!/bin/sh
                [ "$1" = -version ] && echo "ffmpeg version 0-script" && exit 0
                printf '%s\n' "$@" > "$(dirname "$0")/arguments"
                for last; do :; done
                OUT="$(printf %s "$last" | sed s/^file://)"
                {script}

                """);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
    }

    /// <summary>Commands use the FFmpeg of this machine from now on; the test is skipped where there is none.</summary>
    public void UseRealFFmpeg()
    {
        string? path = Environment.GetEnvironmentVariable("SEEDANCE_FFMPEG");
        Set("SEEDANCE_FFMPEG", path ?? "");
        Set("PATH", Environment.GetEnvironmentVariable("PATH") ?? "");
        try
        {
            _ = Media.FFmpegTool.Find(new Media.FFmpegOptions { Path = path });
        }
        catch (ExecutionTargetException missing)
        {
            throw new SkipException(missing.Message, missing);
        }
    }

    /// <summary>Commands use the tiny pack that takes shots and images, and has every graph.</summary>
    /// <param name="windowFrames">The frames of a window, so that it makes long videos; none if not specified.</param>
    public void UseFilmPack(int? windowFrames = null)
    {
        _folder.Fill(RepositoryFolder.PathOf("tests", "Shared", "tiny-film-pack"), "film");
        if (windowFrames is not null)
        {
            ChangeContract(contract => contract["video"]!["window_frames"] = windowFrames, _folder.PathOf("film"));
        }

        Set("SEEDANCE_PACK", _folder.PathOf("film"));
    }

    /// <summary>Changes seedance.json.</summary>
    /// <param name="change">Changes it.</param>
    /// <param name="pack">Whose; the tiny pack's if not specified.</param>
    public void ChangeContract(Action<JsonObject> change, string? pack = null)
    {
        string path = Path.Combine(pack ?? Pack, "seedance.json");
        JsonObject contract = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(contract);
        File.WriteAllText(path, contract.ToJsonString());
    }

    /// <summary>Changes the scheduler's file, and its sum in seedance.json.</summary>
    public void ChangeScheduler(string json)
    {
        const string Name = "scheduler/scheduler_config.json";
        File.WriteAllText(Path.Combine(Pack, Name), json);
        string sum = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Pack, Name))));
        ChangeContract(contract => contract["files"]![Name] = sum);
    }

    /// <summary>What the last command wrote to standard output as bytes.</summary>
    public MemoryStream Pipe { get; private set; } = new();

    public Task<CommandRun> RunAsync(params string[] args) => RunAsync(new StringWriter(), showProgress: false, CancellationToken.None, args);

    /// <summary>Runs a command whose error output is a terminal if asked for. Its clock then goes on by a second whenever it is read, so that all progress is shown however fast the machine is.</summary>
    public async Task<CommandRun> RunAsync(TextWriter error, bool showProgress, CancellationToken cancellationToken, params string[] args)
    {
        Skip.If(OperatingSystem.IsWindows(), "The stand-in for FFmpeg is a shell script.");
        StringWriter output = new();
        CommandHost host = new()
        {
            Output = output,
            OpenOutput = () => Pipe = new MemoryStream(),
            Error = error,
            ShowsProgress = showProgress,
            Variable = name => _variables.GetValueOrDefault(name),
            WorkingFolder = Work,
            ProgramFolder = Programs,
            Time = showProgress ? new TickingClock() : TimeProvider.System,
        };
        int exitCode = await SeedanceCommand.RunAsync(args, host, cancellationToken);
        return new CommandRun(exitCode, output.ToString(), error.ToString()!);
    }

    public void Dispose() => _folder.Dispose();

    private sealed class TickingClock : TimeProvider
    {
        private long _now;

        public override long GetTimestamp() => Interlocked.Add(ref _now, TimestampFrequency);
    }
}
