using System.Numerics.Tensors;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>Latents become frames: un-normalised, through the VAE decoder graph, and rounded to bytes.</summary>
internal sealed class DecodeStage(GraphSession decoder, LatentGeometry geometry)
{
    /// <summary>Decodes a clip.</summary>
    /// <param name="plan">What is being made.</param>
    /// <param name="latents">Normalised latents, [C, f, h, w].</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <returns>The frames in order, each owning its pixels.</returns>
    /// <exception cref="GraphExecutionException">The graph failed, or gave frames of another number or size than planned.</exception>
    public VideoFrame[] Run(GenerationPlan plan, ReadOnlySpan<float> latents, CancellationToken cancellationToken)
    {
        LatentShape shape = plan.Latents;
        using HostTensor sample = HostTensor.Allocate(ElementType.Float32, 1, shape.Channels, shape.Frames, shape.Height, shape.Width);
        Span<float> scaled = sample.AsSpan<float>();
        int perChannel = latents.Length / shape.Channels;
        for (int channel = 0; channel < shape.Channels; channel++)
        {
            Range range = (channel * perChannel)..((channel + 1) * perChannel);
            TensorPrimitives.Multiply(latents[range], geometry.Std[channel], scaled[range]);
            TensorPrimitives.Add(scaled[range], geometry.Mean[channel], scaled[range]);
        }

        using GraphOutputs outputs = decoder.Run(new Dictionary<string, GraphTensor> { ["latent_sample"] = sample }, cancellationToken);
        HostTensor pixels = outputs["sample"];
        long[] expected = [1, 3, plan.Frames, plan.Size.Height, plan.Size.Width];
        return pixels.Shape.SequenceEqual(expected)
            ? ToFrames(plan, pixels.AsSpan<float>())
            : throw new GraphExecutionException(
                GraphRoles.VaeDecoder, $"output 'sample' must be [{string.Join(", ", expected)}], but is [{string.Join(", ", pixels.Shape)}]. Correct the strides in seedance.json.");
    }

    /// <summary>Planes [3, F, H, W] in [-1, 1] -> frames [H, W, 3] of bytes.</summary>
    private static VideoFrame[] ToFrames(GenerationPlan plan, ReadOnlySpan<float> planes)
    {
        int area = plan.Size.Width * plan.Size.Height, frames = plan.Frames;
        VideoFrame[] result = new VideoFrame[frames];
        for (int index = 0; index < frames; index++)
        {
            byte[] pixels = new byte[3 * area];
            for (int channel = 0; channel < 3; channel++)
            {
                ReadOnlySpan<float> plane = planes.Slice(((channel * frames) + index) * area, area);
                for (int i = 0; i < area; i++)
                {
                    pixels[(3 * i) + channel] = (byte)MathF.Round((Math.Clamp(plane[i], -1f, 1f) + 1f) * 127.5f);
                }
            }

            result[index] = new VideoFrame(plan.Size, pixels, index, TimeSpan.FromSeconds((double)index / plan.Fps));
        }

        return result;
    }
}
