using System.Numerics.Tensors;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>Latents become frames: un-normalised, through the VAE decoder graph, and rounded to bytes.</summary>
/// <remarks>
/// A decoder that remembers (see <see cref="ChunkMemory"/>) takes a clip in chunks, and returns as many frames for every latent frame; those before a clip's
/// first are dropped. The frames are the same whatever the chunk, its memory is not.
/// </remarks>
/// <param name="decoder">The graph; borrowed.</param>
/// <param name="geometry">How its latents relate to frames.</param>
/// <param name="chunk">Latent frames of a chunk, at least 1.</param>
internal sealed class DecodeStage(GraphSession decoder, LatentGeometry geometry, int chunk = DecodeStage.Chunk)
{
    /// <summary>Latent frames of a chunk where nobody asks for another number.</summary>
    public const int Chunk = 4;

    private readonly TensorContract[] _past = [.. ChunkMemory.PastOf(decoder.Contract)];

    /// <summary>Decodes a clip.</summary>
    /// <param name="plan">What is being made.</param>
    /// <param name="latents">Normalised latents, [C, f, h, w].</param>
    /// <param name="take">Gets the frames in order as they are made, each owning its pixels.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <returns>How often the graph ran.</returns>
    /// <exception cref="GraphExecutionException">The graph failed, or gave frames of another number or size than planned.</exception>
    public int Run(GenerationPlan plan, ReadOnlySpan<float> latents, Action<VideoFrame> take, CancellationToken cancellationToken)
    {
        int runs = 0, made = 0;
        LatentShape shape = plan.Latents;
        int longest = _past.Length > 0 ? chunk : shape.Frames;
        Dictionary<string, GraphTensor> inputs = BeginMemory(shape);
        GraphOutputs? before = null;
        try
        {
            for (int first = 0; first < shape.Frames; first += longest)
            {
                int count = Math.Min(longest, shape.Frames - first);
                using HostTensor sample = Scale(shape, latents, first, count);
                inputs["latent_sample"] = sample;
                GraphOutputs outputs = decoder.Run(inputs, cancellationToken);
                before?.Dispose();
                before = outputs;
                int planned = _past.Length > 0 ? count * geometry.TemporalStride : plan.Frames;
                made = TakeFrames(plan, outputs["sample"], planned, planned - (geometry.Frames(first + count) - made), made, take);
                runs++;
                foreach (TensorContract past in _past)
                {
                    inputs[past.Name].Dispose();
                    inputs[past.Name] = outputs[ChunkMemory.PresentOf(past.Name)];
                }
            }
        }
        finally
        {
            before?.Dispose();
            foreach (TensorContract past in _past)
            {
                inputs[past.Name].Dispose();
            }
        }

        return runs;
    }

    /// <summary>Nothing to remember yet: zeros in the shape that the latents give.</summary>
    private Dictionary<string, GraphTensor> BeginMemory(LatentShape shape)
    {
        Dictionary<string, GraphTensor> memory = new(StringComparer.Ordinal);
        foreach (TensorContract past in _past)
        {
            HostTensor nothing = HostTensor.Allocate(ElementType.Float32, ChunkMemory.ShapeOf(decoder.Contract, past, shape).AsSpan());
            nothing.AsSpan<float>().Clear();
            memory.Add(past.Name, nothing);
        }

        return memory;
    }

    /// <summary>The decoder's input for some latent frames: z · std + mean, [1, C, count, h, w].</summary>
    private HostTensor Scale(LatentShape shape, ReadOnlySpan<float> latents, int first, int count)
    {
        HostTensor sample = HostTensor.Allocate(ElementType.Float32, 1, shape.Channels, count, shape.Height, shape.Width);
        Span<float> scaled = sample.AsSpan<float>();
        int area = shape.Height * shape.Width;
        for (int channel = 0; channel < shape.Channels; channel++)
        {
            ReadOnlySpan<float> from = latents.Slice(((channel * shape.Frames) + first) * area, count * area);
            Span<float> to = scaled.Slice(channel * count * area, count * area);
            TensorPrimitives.Multiply(from, geometry.Std[channel], to);
            TensorPrimitives.Add(to, geometry.Mean[channel], to);
        }

        return sample;
    }

    /// <summary>Hands on the frames of planes [1, 3, count, H, W] in [-1, 1] but for the first few, as bytes [H, W, 3].</summary>
    private static int TakeFrames(GenerationPlan plan, HostTensor pixels, int count, int dropped, int made, Action<VideoFrame> take)
    {
        long[] expected = [1, 3, count, plan.Size.Height, plan.Size.Width];
        if (!pixels.Shape.SequenceEqual(expected))
        {
            throw new GraphExecutionException(
                GraphRoles.VaeDecoder, $"output 'sample' must be [{string.Join(", ", expected)}], but is [{string.Join(", ", pixels.Shape)}]. Correct the strides in seedance.json.");
        }

        ReadOnlySpan<float> planes = pixels.AsSpan<float>();
        int area = plan.Size.Width * plan.Size.Height;
        for (int index = dropped; index < count; index++)
        {
            byte[] bytes = new byte[3 * area];
            for (int channel = 0; channel < 3; channel++)
            {
                ReadOnlySpan<float> plane = planes.Slice(((channel * count) + index) * area, area);
                for (int i = 0; i < area; i++)
                {
                    bytes[(3 * i) + channel] = (byte)MathF.Round((Math.Clamp(plane[i], -1f, 1f) + 1f) * 127.5f);
                }
            }

            take(new VideoFrame(plan.Size, bytes, made, TimeSpan.FromSeconds((double)made / plan.Fps)));
            made++;
        }

        return made;
    }
}
