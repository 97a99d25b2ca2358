using Microsoft.Extensions.Options;
using Seedance.Onnx.Hosting;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>Makes the video of a job with the pipeline, from wherever the last attempt came to: nothing, latents, or the whole file.</summary>
internal sealed class VideoMaker(VideoPipelineSource pipelines, IOptions<SeedanceOptions> seedance, JobFiles files, ProgressBoard board, ServerOptions options, ILogger<VideoMaker> logger)
{
    /// <summary>Makes it; its files are whole when this returns.</summary>
    public async Task MakeAsync(VideoJob job, CancellationToken cancellationToken)
    {
        if (File.Exists(files.Video(job)) && (!job.Order.ReturnLastFrame || File.Exists(files.LastFrame(job))))
        {
            ServerLog.Begins(logger, job.Id, job.Attempts, ", the file is there already");
            return;
        }

        VideoPipeline pipeline = await pipelines.GetAsync(cancellationToken).ConfigureAwait(false);
        files.Begin(job);
        Looks looks = new(job, files, board, seedance.Value.Pipeline.FFmpeg, logger);
        GenerationEvents events = new()
        {
            Progress = new Steps(job, board),
            Preview = options.Previews ? looks : null,
            Latents = clip => clip.Save(files.Latents(job)),
        };
        LatentClip? kept = LoadLatents(job, pipeline);
        ServerLog.Begins(logger, job.Id, job.Attempts, kept is null ? "" : ", from kept latents");
        GeneratedVideo video = kept is null
            ? pipeline.GenerateAsync(await pipeline.PlanAsync(job.Order.ToRequest(image => ImageSource.FromFile(files.Image(job, image))), cancellationToken).ConfigureAwait(false), events, cancellationToken)
            : pipeline.DecodeAsync(kept, events with { Latents = null }, cancellationToken);
        try
        {
            SaveRequest saving = new() { Path = files.Video(job), LastFramePath = job.Order.ReturnLastFrame ? files.LastFrame(job) : null };
            _ = await video.SaveAsync(saving, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await looks.Written.ConfigureAwait(false);
        }

        File.Delete(files.Latents(job));
    }

    private LatentClip? LoadLatents(VideoJob job, VideoPipeline pipeline)
    {
        if (!File.Exists(files.Latents(job)))
        {
            return null;
        }

        try
        {
            return LatentClip.Load(files.Latents(job), pipeline.Pack);
        }
        catch (SeedanceException error)
        {
            ServerLog.LatentsLost(logger, job.Id, error.Message);
            return null;
        }
    }

    private sealed class Steps(VideoJob job, ProgressBoard board) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) =>
            // Frames of one window may be written while the next one is made already.
            board.Change(job.Id, before => value.Window < before.Window ? before : before with { Stage = value.Stage, Step = value.Step, Steps = value.Steps, Window = value.Window, Windows = value.Windows });
    }

    /// <summary>Writes looks one after the other, beside the work.</summary>
    private sealed class Looks(VideoJob job, JobFiles files, ProgressBoard board, FFmpegOptions ffmpeg, ILogger logger) : IProgress<VideoFrame>
    {
        public Task Written { get; private set; } = Task.CompletedTask;

        public void Report(VideoFrame value) => Written = WriteAsync(Written, value);

        private async Task WriteAsync(Task before, VideoFrame frame)
        {
            await before.ConfigureAwait(false);
            try
            {
                await new ImageWriter(FFmpegTool.Find(ffmpeg)).WriteAsync(files.Preview(job), frame).ConfigureAwait(false);
                board.Change(job.Id, shown => shown with { Look = shown.Look + 1 });
            }
            catch (Exception e) when (e is SeedanceException or IOException)
            {
                // A video is worth more than a look at it.
                ServerLog.PreviewFailed(logger, job.Id, e.Message);
            }
        }
    }
}
