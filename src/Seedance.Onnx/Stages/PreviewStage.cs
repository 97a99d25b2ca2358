using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Memory;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>Shows the first frame of a video while it is being made: what the latents would come to if it stopped here, decoded.</summary>
/// <param name="decoder">Decodes a clip of one latent frame.</param>
/// <param name="geometry">The pack's.</param>
/// <param name="memory">Says in which pieces.</param>
/// <param name="plan">What is being made.</param>
/// <param name="preview">Who looks.</param>
/// <param name="cancellationToken">Stops a run between two nodes.</param>
internal sealed class PreviewStage(
    DecodeStage decoder, LatentGeometry geometry, MemoryModel memory, GenerationPlan plan, IProgress<VideoFrame> preview, CancellationToken cancellationToken)
{
    private const int Looks = 8;

    private readonly GenerationPlan _one = plan with { Frames = geometry.Frames(1), Latents = plan.Latents with { Frames = 1 } };
    private readonly float[] _clean = new float[plan.Latents.Length];

    /// <summary>Looks, if it is time to.</summary>
    public void Observe(StepLoop loop)
    {
        if (loop.Done * Looks / loop.Count == (loop.Done - 1) * Looks / loop.Count || loop.IsDone)
        {
            return;
        }

        loop.PredictClean(_clean);
        LatentShape shape = plan.Latents;
        int area = shape.Height * shape.Width;
        float[] first = new float[shape.Channels * area];
        for (int channel = 0; channel < shape.Channels; channel++)
        {
            _clean.AsSpan(channel * shape.Frames * area, area).CopyTo(first.AsSpan(channel * area));
        }

        VideoFrame? shown = null;
        decoder.Run(_one, first, memory.ChoosePieces(_one), frame => shown ??= frame, stage: null, cancellationToken);
        preview.Report(shown!);
    }
}
