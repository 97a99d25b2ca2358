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
internal sealed class EventStream(JobStore store, ProgressBoard board, IHostApplicationLifetime lifetime, TimeProvider time)
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
            if (board.Find(job.Id) is { } progress)
            {
                foreach (SseItem<string> item in Changes(told, progress))
                {
                    (told, quiet) = (progress, 0);
                    yield return item;
                }
            }
            else if (look % LooksToStore == 0)
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
            yield return Item("video", OpenAiVideo.Of(end, board.Find(end.Id)));
        }
    }

    private static IEnumerable<SseItem<string>> Changes(JobProgress? told, JobProgress now)
    {
        if (now.Look != (told?.Look ?? 0) && now.Preview is { } picture)
        {
            yield return Item("preview", new { look = now.Look, image_url = "data:image/png;base64," + Convert.ToBase64String(picture) });
        }

        if ((now.Stage, now.Step) != (told?.Stage, told?.Step ?? -1))
        {
            yield return Item("progress", new { stage = now.Stage?.ToString().ToLowerInvariant() ?? "waiting", step = now.Step, steps = now.Steps, progress = now.Percent });
        }
    }

    private static SseItem<string> Item<T>(string name, T data) => new(JsonSerializer.Serialize(data, Envelope.Json), name);
}
