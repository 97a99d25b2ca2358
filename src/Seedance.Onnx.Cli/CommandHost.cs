namespace Seedance.Onnx.Cli;

/// <summary>What commands see of the process and the machine around them. Tests bring their own.</summary>
internal sealed record CommandHost
{
    /// <summary>Results: what a script reads.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>The same as bytes, for frames that go to a pipe; nowhere if not specified.</summary>
    public Func<Stream> OpenOutput { get; init; } = () => Stream.Null;

    /// <summary>Errors, and progress for people.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether <see cref="Error"/> is a terminal, on which progress can be shown; false if not specified.</summary>
    public bool ShowsProgress { get; init; }

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>What relative paths are relative to.</summary>
    public string WorkingFolder { get; init; } = Environment.CurrentDirectory;

    /// <summary>Where the program lies.</summary>
    public string ProgramFolder { get; init; } = AppContext.BaseDirectory;

    /// <summary>The clock that durations are measured with.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The full path of what a user named.</summary>
    public string FullPath(string path) => Path.GetFullPath(path, WorkingFolder);

    /// <summary>A path as a user in the working folder would write it.</summary>
    public string ShownPath(string fullPath)
    {
        string relative = Path.GetRelativePath(WorkingFolder, fullPath);
        return relative.StartsWith("..", StringComparison.Ordinal) ? fullPath : relative;
    }

    /// <summary>Where to look for FFmpeg: SEEDANCE_FFMPEG, then PATH.</summary>
    public Media.FFmpegOptions FFmpeg => new() { Path = Variable("SEEDANCE_FFMPEG"), SearchPath = Variable("PATH") ?? "" };
}
