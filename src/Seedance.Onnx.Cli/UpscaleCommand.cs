using System.CommandLine;
using Seedance.Onnx.Media;

namespace Seedance.Onnx.Cli;

/// <summary>seedance upscale: a video becomes a larger one.</summary>
internal sealed class UpscaleCommand
{
    private readonly Argument<string> _input = new("VIDEO") { Description = "The video to make larger." };
    private readonly Option<int?> _scale = TextOption.Count("--scale", "N", "How many times larger both sides become: what the pack's graph does, or its square. [default: the graph's]", 2, 64);
    private readonly Option<string?> _pack = TextOption.File("--pack", "FOLDER", $"A pack with a graph 'upscaler'. [default: ${PackLocator.Variable}, else {PackLocator.DefaultPack}]");
    private readonly ExecutionChoice _execution = new();
    private readonly Option<bool> _json = TextOption.Json("Print one JSON object about the file, and nothing else.");
    private readonly CommandHost _host;
    private readonly SaveOptions _save;

    private UpscaleCommand(CommandHost host)
    {
        _host = host;
        _save = new SaveOptions(host, required: true);
    }

    public static Command Create(CommandHost host)
    {
        UpscaleCommand upscale = new(host);
        DocumentedCommand command = new(
            "upscale",
            "Makes a video larger, with a pack that has a graph for it.",
            "seedance upscale red.mp4 -o red-large.mp4 --pack onnx/other")
        {
            upscale._input,
        };
        foreach (Option option in upscale._save.Options.Append(upscale._scale).Append(upscale._pack).Concat(upscale._execution.Options).Append(upscale._json))
        {
            command.Add(option);
        }

        command.SetAction(upscale.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (_save.IsPipe(parsed))
        {
            throw new InvalidRequestException(["--output must be a file, but is -. Write a file, and read that."]);
        }

        SaveRequest saving = _save.Read(parsed, () => "");
        PipelineOptions options = new() { FFmpeg = _host.FFmpeg, Target = _execution.ReadTarget(parsed), Host = _execution.ReadSettings(parsed, _host) };
        foreach (string path in new[] { saving.Path, saving.LastFramePath }.OfType<string>())
        {
            VideoWriter.CheckWritable(path);
        }

        using ProgressLine progress = new(_host.ShowsProgress ? _host.Error : null, _host.Time);
        using VideoUpscaler upscaler = await VideoUpscaler.OpenAsync(PackLocator.Find(parsed.GetValue(_pack), _host), options, cancellationToken).ConfigureAwait(false);
        UpscaledVideo video = await upscaler.UpscaleAsync(_host.FullPath(parsed.GetValue(_input)!), saving, parsed.GetValue(_scale), progress, cancellationToken).ConfigureAwait(false);
        progress.Dispose();
        if (parsed.GetValue(_json))
        {
            _host.Output.WriteLine(Json.Write(new { output = video.Path, width = video.Size.Width, height = video.Size.Height, frames = video.Frames, notices = video.Notices }));
            return ExitCode.Done;
        }

        _host.Output.WriteLine($"{_host.ShownPath(video.Path)}: {video.Size}, {video.Frames} frames");
        Failure.WriteNotices(_host, video.Notices);
        return ExitCode.Done;
    }
}
