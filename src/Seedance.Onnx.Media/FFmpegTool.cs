using System.Text;

namespace Seedance.Onnx.Media;

/// <summary>The <c>ffmpeg</c> and <c>ffprobe</c> programs of one installation. Immutable and safe to share between threads.</summary>
public sealed class FFmpegTool
{
    private const string HowToInstall = "Install FFmpeg (Debian and Ubuntu: apt-get install ffmpeg; macOS: brew install ffmpeg; "
        + "Windows: winget install ffmpeg), or set SEEDANCE_FFMPEG to the program or its folder.";

    private FFmpegTool(string ffmpegPath, string ffprobePath)
    {
        FFmpegPath = ffmpegPath;
        FFprobePath = ffprobePath;
    }

    /// <summary>Full path of <c>ffmpeg</c>.</summary>
    public string FFmpegPath { get; }

    /// <summary>Full path of <c>ffprobe</c>.</summary>
    public string FFprobePath { get; }

    /// <summary>Looks for both programs; starts neither.</summary>
    /// <param name="options">Where to look. If not specified, PATH.</param>
    /// <exception cref="ExecutionTargetException">A program is missing, or is no executable file. The text says what to install.</exception>
    public static FFmpegTool Find(FFmpegOptions? options = null)
    {
        string[] folders = (options?.SearchPath ?? Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (string.IsNullOrWhiteSpace(options?.Path))
        {
            string ffmpeg = Search(folders, "ffmpeg") ?? throw Missing("ffmpeg", "was found on PATH");
            return new FFmpegTool(ffmpeg, FindProbe(ffmpeg, folders));
        }

        string named = Path.GetFullPath(options.Path);
        string program = Directory.Exists(named) ? Search([named], "ffmpeg") ?? throw Missing("ffmpeg", $"is in '{named}'") : named;
        return IsProgram(program) ? new FFmpegTool(program, FindProbe(program, folders)) : throw Missing("ffmpeg", $"is at '{program}'");
    }

    /// <summary>Runs <c>ffmpeg -version</c>.</summary>
    /// <param name="cancellationToken">Stops the program.</param>
    /// <returns>The version as FFmpeg prints it, such as "7.1.1-1".</returns>
    /// <exception cref="ExecutionTargetException">The program does not start, or is not FFmpeg.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<string> ReadVersionAsync(CancellationToken cancellationToken = default)
    {
        const string Prefix = "ffmpeg version ";
        ProcessResult result = await FFmpegProcess.RunAsync(FFmpegPath, ["-version"], cancellationToken: cancellationToken).ConfigureAwait(false);
        string line = Encoding.UTF8.GetString(result.Output).Split('\n')[0];
        return result.ExitCode == 0 && line.StartsWith(Prefix, StringComparison.Ordinal)
            ? line[Prefix.Length..].Split(' ')[0].Trim()
            : throw new ExecutionTargetException($"'{FFmpegPath}' must be FFmpeg, but its first line is '{line.Trim()}' "
                + $"(exit code {result.ExitCode}{(result.Errors.Length == 0 ? "" : ": " + result.Errors)}). {HowToInstall}");
    }

    /// <summary>Starts <c>ffmpeg</c>, silent but for errors, without a terminal.</summary>
    internal FFmpegProcess StartFFmpeg(IEnumerable<string> arguments) => FFmpegProcess.Start(FFmpegPath, Quiet(arguments));

    /// <summary>Runs <c>ffmpeg</c> to its end, with <paramref name="input"/> on its standard input.</summary>
    internal Task<ProcessResult> RunFFmpegAsync(IEnumerable<string> arguments, ReadOnlyMemory<byte> input, long maxOutput, CancellationToken cancellationToken)
        => FFmpegProcess.RunAsync(FFmpegPath, Quiet(arguments), input, maxOutput, cancellationToken);

    /// <summary>Runs <c>ffprobe</c> to its end.</summary>
    internal Task<ProcessResult> RunFFprobeAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
        => FFmpegProcess.RunAsync(FFprobePath, ["-hide_banner", "-loglevel", "error", .. arguments], cancellationToken: cancellationToken);

    private static IEnumerable<string> Quiet(IEnumerable<string> arguments) => ["-nostdin", "-hide_banner", "-loglevel", "error", .. arguments];

    private static string FindProbe(string ffmpeg, string[] folders)
        => Search([Path.GetDirectoryName(ffmpeg)!, .. folders], "ffprobe") ?? throw Missing("ffprobe", $"is beside '{ffmpeg}' or on PATH");

    private static string? Search(string[] folders, string program)
    {
        string file = OperatingSystem.IsWindows() ? program + ".exe" : program;
        return folders.Select(folder => Path.GetFullPath(Path.Combine(folder, file))).FirstOrDefault(IsProgram);
    }

    private static bool IsProgram(string path)
    {
        const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & AnyExecute) != UnixFileMode.None);
    }

    private static ExecutionTargetException Missing(string program, string where)
        => new($"FFmpeg must be installed, but no program '{program}' {where}. {HowToInstall}");
}
