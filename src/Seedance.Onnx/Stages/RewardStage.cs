using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Stages;

/// <summary>Frames and words become four scores.</summary>
/// <param name="reward">The graph; borrowed.</param>
internal sealed class RewardStage(GraphSession reward)
{
    private const int Heads = 4;

    /// <summary>Judges a video.</summary>
    /// <param name="frames">All of it, frames of one size in order.</param>
    /// <param name="text">The features of the words that it is to show, one row.</param>
    /// <param name="seed">The seed that it was made with.</param>
    /// <param name="stage">Counts the run.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <exception cref="GraphExecutionException">The graph failed, or gave other than four scores from 0 to 1.</exception>
    public VideoScore Run(IReadOnlyList<VideoFrame> frames, TextCondition text, ulong seed, StageRun stage, CancellationToken cancellationToken)
    {
        using HostTensor sample = ToPlanes(frames);
        using GraphOutputs outputs = reward.Run(reward.Contract.PickInputs(("sample", sample), ("encoder_hidden_states", text.States), ("encoder_attention_mask", text.Mask)), cancellationToken);
        stage.Count(1, outputs.Elapsed);
        HostTensor scores = outputs["scores"];
        ReadOnlySpan<float> values = scores.AsSpan<float>();
        return scores.Shape is [1, Heads] && values.IndexOfAnyExceptInRange(0f, 1f) < 0
            ? new VideoScore(seed, values[0], values[1], values[2], values[3])
            : throw new GraphExecutionException(GraphRoles.Reward, $"output 'scores' must be [1, {Heads}] from 0 to 1, but is [{string.Join(", ", scores.Shape)}]: {string.Join(", ", values.ToArray().Take(Heads))}. Export the graph again.");
    }

    /// <summary>Bytes of frames to planes in [−1, 1], [1, 3, F, H, W].</summary>
    private static HostTensor ToPlanes(IReadOnlyList<VideoFrame> frames)
    {
        VideoSize size = frames[0].Size;
        HostTensor sample = HostTensor.Allocate(ElementType.Float32, 1, 3, frames.Count, size.Height, size.Width);
        Span<float> values = sample.AsSpan<float>();
        int at = 0;
        for (int channel = 0; channel < 3; channel++)
        {
            foreach (VideoFrame frame in frames)
            {
                PixelPlanes.FromBytes(frame.Pixels.Span, channel, values.Slice(at, size.Width * size.Height));
                at += size.Width * size.Height;
            }
        }

        return sample;
    }
}
