using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Seedance.Onnx.Server.Jobs;
using Seedance.Onnx.Server.OpenAi;

namespace Seedance.Onnx.Server.Http;

/// <summary>
/// What becomes of a job, as server-sent events: "queued" with its place, "progress" with stage and step, "preview" with a picture, "video" with the job in the end, and "ping" where
/// nothing else is to be told for a while.
/// </summary>
internal sealed class EventStream(JobStore store, JobFiles files, ProgressBoard board, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    // Looks to the next look into the store, and to the next ping where nothing happens.
    private const int LooksToStore = 5;
    private const int LooksToPing = 75;

    /// <summary>Watches a job until it has ended, the client is gone or the server ends.</summary>
    public IResult Watch(VideoJob job, CancellationToken cancellationToken) => TypedResults.ServerSentEvents(WatchAsync(job, cancellationToken));

    private async IAsyncEnumerable<SseItem<string>> WatchAsync(VideoJob job, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (JobProgress? told, int? position, int quiet) = (null, null, 0);
        for (int look = 0; !lifetime.ApplicationStopping.IsCancellationRequested; look++)
        {
            JobProgress? progress = board.Find(job.Id);
            if (progress is null && look % LooksToStore == 0)
            {
                if (await store.FindAsync(job.Id, cancellationToken).ConfigureAwait(false) is not { HasEnded: false } now)
                {
                    break;
                }

                if (now.Status == JobStatus.Queued && await store.CountBeforeAsync(now, cancellationToken).ConfigureAwait(false) is var place && place != position)
                {
                    (position, quiet) = (place, 0);
                    yield return Item("queued", new { position = place });
                }

                progress = now.Progress;
            }

            foreach (SseItem<string> item in progress is null ? [] : await ChangesAsync(job, told, progress, cancellationToken).ConfigureAwait(false))
            {
                (told, quiet) = (progress, 0);
                yield return item;
            }

            if (++quiet > LooksToPing)
            {
                quiet = 0;
                yield return Item("ping", new { });
            }

            await Task.Delay(Look, time, cancellationToken).ConfigureAwait(false);
        }

        if (await store.FindAsync(job.Id, cancellationToken).ConfigureAwait(false) is { } end)
        {
            yield return Item("video", OpenAiVideo.Of(end, board.Find(end)));
        }
    }

    private async Task<List<SseItem<string>>> ChangesAsync(VideoJob job, JobProgress? told, JobProgress now, CancellationToken cancellationToken)
    {
        List<SseItem<string>> changes = [];
        if (now.Look != (told?.Look ?? 0) && await files.ReadPreviewAsync(job, cancellationToken).ConfigureAwait(false) is { } picture)
        {
            changes.Add(Item("preview", new { look = now.Look, image_url = "data:image/png;base64," + Convert.ToBase64String(picture) }));
        }

        if ((now.Stage, now.Step) != (told?.Stage, told?.Step ?? -1))
        {
            changes.Add(Item("progress", new { stage = now.Stage?.ToString().ToLowerInvariant() ?? "waiting", step = now.Step, steps = now.Steps, progress = now.Percent }));
        }

        return changes;
    }

    private static SseItem<string> Item<T>(string name, T data) => new(JsonSerializer.Serialize(data, Envelope.Json), name);
}
