using System.CommandLine;
using Seedance.Onnx.Media;

namespace Seedance.Onnx.Cli;

/// <summary>seedance storyboard: a video's frames on one picture.</summary>
internal sealed class StoryboardCommand
{
    private const string Extension = ".png";

    private readonly Argument<string> _input = new("VIDEO") { Description = "The video to show." };
    private readonly Option<string?> _output = TextOption.File("--output", "FILE", "The PNG picture to write. A file that exists is replaced.", "-o");
    private readonly Option<int?> _frames = TextOption.Count("--frames", "N", "How many frames, spread over the video. [default: 12]");
    private readonly Option<int?> _columns = TextOption.Count("--columns", "N", "Frames in a row. [default: 4]");
    private readonly CommandHost _host;

    private StoryboardCommand(CommandHost host)
    {
        _host = host;
        _output.Required = true;
        _output.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: { } name }, ..] && !name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
            {
                result.AddError($"--output must end in {Extension}, but is '{name}'.");
            }
        });
    }

    public static Command Create(CommandHost host)
    {
        StoryboardCommand storyboard = new(host);
        DocumentedCommand command = new(
            "storyboard",
            "Shows a video as one picture: frames with their times, in rows.",
            "seedance storyboard red.mp4 -o red.png",
            "seedance storyboard red.mp4 -o red.png --frames 6 --columns 3")
        {
            storyboard._input, storyboard._output, storyboard._frames, storyboard._columns,
        };
        command.SetAction(storyboard.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        ContactSheetLayout layout = new();
        layout = layout with { Frames = parsed.GetValue(_frames) ?? layout.Frames, Columns = parsed.GetValue(_columns) ?? layout.Columns };
        string output = _host.FullPath(parsed.GetValue(_output)!);
        ContactSheet sheet = new(FFmpegTool.Find(_host.FFmpeg));
        ContactSheetLayout drawn = await sheet.WriteAsync(_host.FullPath(parsed.GetValue(_input)!), output, layout, cancellationToken).ConfigureAwait(false);
        _host.Output.WriteLine($"{_host.ShownPath(output)}: {drawn.Frames} frames, {drawn.Columns} in a row, {Quantity.Bytes(new FileInfo(output).Length)}");
        return ExitCode.Done;
    }
}
