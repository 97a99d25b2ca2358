using System.CommandLine;
using System.Globalization;
using Seedance.Onnx.Media;

namespace Seedance.Onnx.Cli;

/// <summary>Where a video goes and how it is written: the options of every command that makes one.</summary>
internal sealed class SaveOptions
{
    /// <summary>The output that stands for standard output.</summary>
    public const string Pipe = "-";

    private readonly Option<string?> _output = TextOption.File(
        "--output", "FILE", "The video to write; its ending says how: .mp4, .webm or .gif; NAME/ is a folder of PNG pictures, - is raw RGB frames on standard output. A file that exists is replaced.", "-o");
    private readonly Option<string?> _codec = TextOption.Codec("--codec", "What pictures are coded as. [default: h264 in .mp4, vp9 in .webm]");
    private readonly Option<int?> _quality = TextOption.Count("--quality", "Q", "Constant quality: 0 is the best, larger is smaller. [default: the format's]", 0, 63);
    private readonly Option<int?> _fps = TextOption.Count("--fps", "N", "Frames a second of the file: the pack's are repeated or left out, and no new ones made. [default: the pack's]", 1, 240);
    private readonly Option<string?> _lastFrame = TextOption.File("--save-last-frame", "FILE", "Write the last frame as a PNG too, to go on from.");
    private readonly CommandHost _host;

    public SaveOptions(CommandHost host, bool required)
    {
        _host = host;
        _output.Required = required;
    }

    /// <summary>The options, to be added to a command.</summary>
    public IEnumerable<Option> Options => [_output, _codec, _quality, _fps, _lastFrame];

    /// <summary>Whether raw frames go to standard output.</summary>
    public bool IsPipe(ParseResult parsed) => parsed.GetValue(_output) == Pipe;

    /// <summary>What is to be saved, and where.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="name">Gives a path where none was named.</param>
    /// <param name="number">Which of several videos it is, from 1; null for the only one.</param>
    /// <exception cref="InvalidRequestException">The ending names no format, or one that has no such codec.</exception>
    public SaveRequest Read(ParseResult parsed, Func<string> name, int? number = null)
    {
        string path = parsed.GetValue(_output) is { } named ? Numbered(_host.FullPath(named), number) : name();
        return new SaveRequest
        {
            Path = path,
            Format = VideoFormat.FromPath(path, parsed.GetValue(_codec)),
            Quality = parsed.GetValue(_quality),
            FrameRate = parsed.GetValue(_fps) is { } fps ? new FrameRate(fps) : null,
            LastFramePath = parsed.GetValue(_lastFrame) is { } last ? Numbered(_host.FullPath(last), number) : null,
        };
    }

    /// <summary>"clip.mp4" becomes "clip-2.mp4", and "clip/" becomes "clip-2/".</summary>
    public static string Numbered(string path, int? number)
    {
        if (number is null)
        {
            return path;
        }

        string stem = Path.TrimEndingDirectorySeparator(path), extension = Path.GetExtension(stem);
        return string.Create(CultureInfo.InvariantCulture, $"{stem[..^extension.Length]}-{number}{extension}{path[stem.Length..]}");
    }
}
