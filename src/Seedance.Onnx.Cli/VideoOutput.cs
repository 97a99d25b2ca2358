using Seedance.Onnx.Media;

namespace Seedance.Onnx.Cli;

/// <summary>Brings videos where they are to go, and tells about them: on standard output, or on the error output where frames take the former.</summary>
internal sealed class VideoOutput(CommandHost host, ProgressLine progress, bool json, IEnumerable<string> notices)
{
    private readonly List<GenerationReport> _reports = [];

    /// <summary>Makes a video and saves it.</summary>
    /// <param name="video">The video.</param>
    /// <param name="saving">Where it goes; null for raw frames on standard output.</param>
    /// <param name="began">When the work began, on the host's clock.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task WriteAsync(GeneratedVideo video, SaveRequest? saving, long began, CancellationToken cancellationToken)
    {
        if (saving is null)
        {
            int frames = await PipeAsync(video, cancellationToken).ConfigureAwait(false);
            progress.Dispose();
            Failure.WriteNotices(host, [.. notices, .. video.Plan.Notices]);
            host.Error.WriteLine($"{frames} frames of {video.Plan.OutputSize}, raw RGB, {video.Plan.Fps} a second, seed {video.Plan.Seed}");
            return;
        }

        VideoFile file = await video.SaveAsync(saving, cancellationToken).ConfigureAwait(false);
        GenerationReport report = GenerationReport.Of(file, host.Time.GetElapsedTime(began)) with { Notices = [.. notices, .. file.Notices] };
        _reports.Add(report);
        if (!json)
        {
            progress.Dispose();
            host.Output.WriteLine(report.ToText(host));
            Failure.WriteNotices(host, report.Notices);
        }
    }

    /// <summary>Writes the JSON, where it is asked for: an object for one video, and an object with a list of them for several.</summary>
    public void End()
    {
        progress.Dispose();
        if (json && _reports.Count > 0)
        {
            host.Output.WriteLine(Json.WriteVideos(_reports));
        }
    }

    private async Task<int> PipeAsync(GeneratedVideo video, CancellationToken cancellationToken)
    {
        int frames = 0;
        Stream output = host.OpenOutput();
        await using (output.ConfigureAwait(false))
        {
            try
            {
                await foreach (VideoFrame frame in video.WithCancellation(cancellationToken).ConfigureAwait(false))
                {
                    await output.WriteAsync(frame.Pixels, cancellationToken).ConfigureAwait(false);
                    frames++;
                }

                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                throw new MediaException($"Standard output must take all frames, but does not: {e.Message} Look at what reads it.", e);
            }
        }

        return frames;
    }
}
