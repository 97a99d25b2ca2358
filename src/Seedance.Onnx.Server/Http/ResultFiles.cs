using Microsoft.Extensions.Options;
using Seedance.Onnx.Hosting;
using Seedance.Onnx.Media;
using Seedance.Onnx.Server.Jobs;

namespace Seedance.Onnx.Server.Http;

/// <summary>Answers with the files of a finished job; pictures of it are made when somebody asks for the first time.</summary>
internal sealed class ResultFiles(JobFiles files, IOptions<SeedanceOptions> seedance) : IDisposable
{
    private readonly SemaphoreSlim _drawing = new(1, 1);

    /// <summary>The video itself; any part of it where the client asks for one.</summary>
    /// <exception cref="RequestProblemException">It is gone.</exception>
    public IResult Video(VideoJob job) => Answer(files.Video(job), "video/mp4");

    /// <summary>The last frame.</summary>
    /// <exception cref="RequestProblemException">It is gone, or nobody asked for it with the job.</exception>
    public IResult LastFrame(VideoJob job) => Answer(files.LastFrame(job), "image/png");

    /// <summary>An image that came with the job, as it came.</summary>
    /// <exception cref="RequestProblemException">It is gone.</exception>
    public IResult Image(VideoJob job, OrderImage image) => Answer(files.Image(job, image), "application/octet-stream");

    /// <summary>The first frame.</summary>
    /// <exception cref="RequestProblemException">The video is gone.</exception>
    public async Task<IResult> ThumbnailAsync(VideoJob job, CancellationToken cancellationToken)
    {
        await DrawAsync(files.Thumbnail(job), async tool =>
        {
            await foreach (VideoFrame frame in new VideoReader(tool).ReadAsync(files.Video(job), new VideoReadRequest { MaxFrames = 1 }, cancellationToken).ConfigureAwait(false))
            {
                await new ImageWriter(tool).WriteAsync(files.Thumbnail(job), frame, cancellationToken).ConfigureAwait(false);
            }
        }, cancellationToken).ConfigureAwait(false);
        return Answer(files.Thumbnail(job), "image/png");
    }

    /// <summary>Frames in rows.</summary>
    /// <exception cref="RequestProblemException">The video is gone.</exception>
    public async Task<IResult> SpritesheetAsync(VideoJob job, CancellationToken cancellationToken)
    {
        ContactSheetLayout layout = new() { FrameWidth = Math.Clamp(job.Order.Width, 16, 320), Labels = false };
        await DrawAsync(files.Spritesheet(job), tool => new ContactSheet(tool).WriteAsync(files.Video(job), files.Spritesheet(job), layout, cancellationToken), cancellationToken).ConfigureAwait(false);
        return Answer(files.Spritesheet(job), "image/png");
    }

    public void Dispose() => _drawing.Dispose();

    private static IResult Answer(string path, string contentType)
    {
        try
        {
            // Opened here, so that a result that goes this very moment is a clean answer.
            FileStream file = new(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read | FileShare.Delete, Options = FileOptions.Asynchronous });
            return Results.Stream(file, contentType, lastModified: new DateTimeOffset(File.GetLastWriteTimeUtc(path)), enableRangeProcessing: true);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Gone();
        }
    }

    private static RequestProblemException Gone() => new(ProblemKind.NotFound, "The result must be there, but is not any more, or was never asked for. Make it again.");

    /// <summary>One picture at a time, so that asking for many costs no more than one processor.</summary>
    private async Task DrawAsync(string picture, Func<FFmpegTool, Task> draw, CancellationToken cancellationToken)
    {
        await _drawing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!File.Exists(picture))
            {
                await draw(FFmpegTool.Find(seedance.Value.Pipeline.FFmpeg)).ConfigureAwait(false);
            }
        }
        catch (MediaException)
        {
            throw Gone();
        }
        finally
        {
            _ = _drawing.Release();
        }
    }
}
