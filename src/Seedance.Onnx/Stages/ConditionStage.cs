using System.Numerics.Tensors;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>
/// Images become what the transformer is given of them: which frames they are, their latents (of each as a clip of one frame, or of one clip that is grey elsewhere), and features
/// where it looks at any.
/// </summary>
/// <param name="geometry">What the images become: latents, or semantic tokens.</param>
/// <param name="channels">What the transformer takes.</param>
/// <param name="role">The role of the graph that encodes them.</param>
/// <param name="parameters">Its output: mean and log-variance.</param>
internal sealed class ConditionStage(LatentGeometry geometry, TransformerChannels channels, string role, string parameters)
{
    /// <summary>Images become latents.</summary>
    public static ConditionStage OfLatents(PackContract pack) => new(pack.Latents, pack.TransformerChannels, GraphRoles.VaeEncoder, "latent_parameters");

    /// <summary>Images become semantic tokens.</summary>
    public static ConditionStage OfTokens(SemanticsContract semantics) => new(semantics.Tokens, semantics.TransformerChannels, GraphRoles.SemanticEncoder, "semantic_parameters");

    /// <summary>Encodes the images of a plan.</summary>
    /// <param name="plan">What is being made.</param>
    /// <param name="images">The plan's images in the order of its conditions, each of the video's size.</param>
    /// <param name="encoder">The graph that encodes them; borrowed.</param>
    /// <param name="imageEncoder">What makes features of images; null where the transformer looks at none. Borrowed.</param>
    /// <param name="stage">Counts the runs.</param>
    /// <param name="cancellationToken">Stops a run between two nodes.</param>
    /// <returns>The condition.</returns>
    /// <exception cref="GraphExecutionException">A graph failed, or gave latents of another shape than planned.</exception>
    public ImageCondition Run(GenerationPlan plan, IReadOnlyList<VideoFrame> images, GraphSession encoder, GraphSession? imageEncoder, StageRun stage, CancellationToken cancellationToken)
    {
        Dictionary<string, float[]> given = new(StringComparer.Ordinal)
        {
            [ComposedTensors.Of(ChannelKind.Mask)] = Mask(plan),
            [ComposedTensors.Of(ChannelKind.Condition)] = channels.Absent == AbsentFrames.Grey
                ? Encode(plan, plan.Frames, plan.Latents.Frames, [.. plan.Conditions.Zip(images, (condition, image) => (condition.Frame, image))], encoder, stage, cancellationToken)
                : EncodeApart(plan, images, encoder, stage, cancellationToken),
        };
        if (imageEncoder is null)
        {
            return new ImageCondition(given);
        }

        using HostTensor pixels = ToTensor([.. images.Select((image, index) => (index, image))], [images.Count, PixelPlanes.Colours, plan.Size.Height, plan.Size.Width], frameStride: PixelPlanes.Colours, planeStride: 1);
        using GraphOutputs outputs = imageEncoder.Run(new Dictionary<string, GraphTensor> { ["pixel_values"] = pixels }, cancellationToken);
        stage.Count(1, outputs.Elapsed);
        HostTensor features = outputs["last_hidden_state"];
        given[ImageCondition.Features] = features.AsSpan<float>().ToArray();
        return new ImageCondition(given, features.Shape[^1]);
    }

    /// <summary>Encodes a clip, every frame of which is there.</summary>
    /// <param name="plan">What is being made, of any length.</param>
    /// <param name="frames">The frames, each of the video's size.</param>
    /// <param name="encoder">The graph that encodes them; borrowed.</param>
    /// <param name="stage">Counts the runs.</param>
    /// <param name="cancellationToken">Stops a run between two nodes.</param>
    /// <returns>[C, f, h, w], normalised.</returns>
    public float[] EncodeClip(GenerationPlan plan, IReadOnlyList<VideoFrame> frames, GraphSession encoder, StageRun stage, CancellationToken cancellationToken) =>
        Encode(plan, frames.Count, geometry.LatentFrames(frames.Count), [.. frames.Index()], encoder, stage, cancellationToken);

    /// <summary>1 where a frame is given, [channels, f, h, w]: a channel tells of one place of a latent frame's group, or the only channel of all of them.</summary>
    private float[] Mask(GenerationPlan plan)
    {
        int count = channels.Count(ChannelKind.Mask), area = plan.Latents.Height * plan.Latents.Width, stride = geometry.TemporalStride;
        HashSet<int> frames = [.. plan.Conditions.Select(condition => condition.Frame)];
        float[] mask = new float[count * plan.Latents.Frames * area];
        for (int row = 0; row < count * plan.Latents.Frames; row++)
        {
            (int channel, int latentFrame) = Math.DivRem(row, plan.Latents.Frames);
            if (Enumerable.Range(0, stride).Any(place => place * count / stride == channel && frames.Contains(geometry.FrameAt(latentFrame, place))))
            {
                mask.AsSpan(row * area, area).Fill(1);
            }
        }

        return mask;
    }

    /// <summary>Latents of each image by itself at the latent frame that holds it, and 0 elsewhere: [C, f, h, w].</summary>
    private float[] EncodeApart(GenerationPlan plan, IReadOnlyList<VideoFrame> images, GraphSession encoder, StageRun stage, CancellationToken cancellationToken)
    {
        LatentShape shape = plan.Latents;
        int area = shape.Height * shape.Width;
        float[] latents = new float[shape.Length];
        foreach ((PlannedCondition condition, VideoFrame image) in plan.Conditions.Zip(images))
        {
            float[] alone = Encode(plan, frames: 1, latentFrames: 1, [(0, image)], encoder, stage, cancellationToken);
            for (int channel = 0; channel < shape.Channels; channel++)
            {
                alone.AsSpan(channel * area, area).CopyTo(latents.AsSpan(((channel * shape.Frames) + condition.LatentFrame) * area));
            }
        }

        return latents;
    }

    /// <summary>The mean of a clip's latents, (z − mean) / std, [C, f, h, w]. Frames of the clip that are no image are 0, the middle of [−1, 1].</summary>
    private float[] Encode(
        GenerationPlan plan, int frames, int latentFrames, (int Frame, VideoFrame Image)[] images, GraphSession encoder, StageRun stage, CancellationToken cancellationToken)
    {
        using HostTensor sample = ToTensor(images, [1, PixelPlanes.Colours, frames, plan.Size.Height, plan.Size.Width], frameStride: 1, planeStride: frames);
        using GraphOutputs outputs = encoder.Run(new Dictionary<string, GraphTensor> { ["sample"] = sample }, cancellationToken);
        stage.Count(1, outputs.Elapsed);
        HostTensor distribution = outputs[parameters];
        LatentShape shape = plan.Latents with { Frames = latentFrames };
        long[] expected = [1, 2 * shape.Channels, shape.Frames, shape.Height, shape.Width];
        if (!distribution.Shape.SequenceEqual(expected))
        {
            throw new GraphExecutionException(
                role, $"output '{parameters}' must be [{string.Join(", ", expected)}], but is [{string.Join(", ", distribution.Shape)}]. Correct the strides in seedance.json.");
        }

        float[] latents = distribution.AsSpan<float>()[..checked((int)shape.Length)].ToArray();
        int plane = latents.Length / shape.Channels;
        for (int channel = 0; channel < shape.Channels; channel++)
        {
            Span<float> values = latents.AsSpan(channel * plane, plane);
            TensorPrimitives.Subtract(values, geometry.Mean[channel], values);
            TensorPrimitives.Divide(values, geometry.Std[channel], values);
        }

        return latents;
    }

    /// <summary>Bytes [H, W, 3] to planes [H, W] in [−1, 1] of a tensor that is 0 elsewhere: plane frame · frameStride + colour · planeStride.</summary>
    private static HostTensor ToTensor((int Frame, VideoFrame Image)[] images, ReadOnlySpan<long> shape, int frameStride, int planeStride)
    {
        HostTensor tensor = HostTensor.Allocate(ElementType.Float32, shape);
        Span<float> planes = tensor.AsSpan<float>();
        planes.Clear();
        foreach ((int frame, VideoFrame image) in images)
        {
            ReadOnlySpan<byte> pixels = image.Pixels.Span;
            int area = pixels.Length / PixelPlanes.Colours;
            for (int colour = 0; colour < PixelPlanes.Colours; colour++)
            {
                PixelPlanes.FromBytes(pixels, colour, planes.Slice(((frame * frameStride) + (colour * planeStride)) * area, area));
            }
        }

        return tensor;
    }
}
