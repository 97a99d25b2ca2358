using Seedance.Onnx.Media;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx;

/// <summary>Makes several videos of one plan, one after another, and keeps the latents of the one that the pack's reward graph likes best: memory does not grow with their number.</summary>
/// <param name="pipeline">Makes and judges them; borrowed.</param>
/// <param name="plan">The plan; its seed is the first.</param>
/// <param name="events">What the caller wants to hear of.</param>
internal sealed class CandidateChoice(VideoPipeline pipeline, GenerationPlan plan, GenerationEvents events)
{
    /// <summary>Refuses a choice that the pack has no graph for, or of videos that are not one clip of the pack.</summary>
    /// <exception cref="InvalidRequestException">It cannot be done.</exception>
    public static void Require(PackContract pack, GenerationPlan plan, int candidates)
    {
        if (plan.Windows.Length > 1 || plan.Request.InputVideo is not null)
        {
            throw new InvalidRequestException([
                $"The candidates must be 1 for a video {(plan.Windows.Length > 1 ? $"of more than {pack.Video.MaxFrames} frames" : "that goes on from another")}, because a clip is judged whole, but are {candidates}. Make several videos and choose yourself."]);
        }

        if (pack.FindGraph(GraphRoles.Reward) is null)
        {
            throw new InvalidRequestException([
                $"The candidates must be 1 with pack '{pack.Name}', which has no graph '{GraphRoles.Reward}' to choose by, but are {candidates}. Make several videos and choose yourself, or take a pack that has one."]);
        }
    }

    /// <summary>Makes and judges all; the first of equals is the best.</summary>
    public async Task<BestOfVideo> ChooseAsync(int candidates, CancellationToken cancellationToken)
    {
        StageClock clock = new();
        List<VideoScore> scores = [];
        (double Total, GenerationPlan Plan, ReadOnlyMemory<float> Latents) best = (-1, plan, default);
        for (int i = 0; i < candidates; i++)
        {
            // Frames are judged as the transformer makes them; only the best are made larger.
            GenerationPlan one = plan with { Seed = unchecked(plan.Seed + (ulong)i), Upscale = 1 };
            ReadOnlyMemory<float> latents = default;
            List<VideoFrame> frames = [];
            GenerationRun run = new(one, Latents: null, events with { Latents = clip => latents = clip.Values }, clock);
            await foreach (VideoFrame frame in pipeline.RunAsync(run, cancellationToken).ConfigureAwait(false))
            {
                frames.Add(frame);
            }

            VideoScore score = await pipeline.JudgeAsync(one, frames, clock, cancellationToken).ConfigureAwait(false);
            scores.Add(score);
            best = score.Total > best.Total ? (score.Total, plan with { Seed = one.Seed }, latents) : best;
        }

        return new BestOfVideo(new GeneratedVideo(pipeline, best.Plan, best.Latents, events, cancellationToken), [.. scores], clock.Reports);
    }
}
