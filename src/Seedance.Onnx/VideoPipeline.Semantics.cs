using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx;

/// <content>What a video says, read off it by the semantic encoder.</content>
public sealed partial class VideoPipeline
{
    /// <summary>Reads the semantic tokens off a video, window by window; memory does not grow with its length. Where it ends a little early, its last frame stays.</summary>
    private async Task<SemanticTokens> ReadSemanticsAsync(VideoSource source, GenerationRun run, CancellationToken cancellationToken)
    {
        GenerationPlan plan = run.Plan;
        float[] tokens = new float[plan.Semantics!.Tokens.Length];
        List<VideoFrame> window = [];
        int index = 0;
        await foreach (VideoFrame frame in _planner.ReadFramesAsync(source, plan.Size, plan.Frames, cancellationToken).ConfigureAwait(false))
        {
            window.Add(frame);
            if (window.Count == plan.Windows[index].Frames)
            {
                (int read, VideoFrame[] frames) = (index++, [.. window]);
                _ = await InTurnAsync(
                    () =>
                    {
                        _stages.ReadSemantics(run, read, frames, tokens, cancellationToken);
                        return read;
                    },
                    cancellationToken).ConfigureAwait(false);
                window = [frame];
            }
        }

        return SemanticTokens.Of(plan, tokens);
    }
}
