using System.Numerics.Tensors;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>Images become what the transformer is given on its condition channels: each is encoded alone, as a clip of one frame.</summary>
/// <param name="geometry">The pack's.</param>
internal sealed class ConditionStage(LatentGeometry geometry)
{
    /// <summary>Encodes the images of a plan.</summary>
    /// <param name="plan">What is being made.</param>
    /// <param name="images">The plan's images in the order of its conditions, each of the video's size.</param>
    /// <param name="encoder">The VAE's encoder; borrowed.</param>
    /// <param name="stage">Counts the runs.</param>
    /// <param name="cancellationToken">Stops a run between two nodes.</param>
    /// <returns>The condition.</returns>
    /// <exception cref="GraphExecutionException">The graph failed, or gave latents of another shape than planned.</exception>
    public ImageCondition Run(GenerationPlan plan, IReadOnlyList<VideoFrame> images, GraphSession encoder, StageRun stage, CancellationToken cancellationToken)
    {
        Dictionary<int, float[]> latents = [];
        foreach ((PlannedCondition condition, VideoFrame image) in plan.Conditions.Zip(images))
        {
            latents[condition.LatentFrame] = Encode(plan, image, encoder, stage, cancellationToken);
        }

        return new ImageCondition(latents);
    }

    /// <summary>The mean of the image's latents, (z − mean) / std, [C, h, w].</summary>
    private float[] Encode(GenerationPlan plan, VideoFrame image, GraphSession encoder, StageRun stage, CancellationToken cancellationToken)
    {
        (int width, int height) = (image.Size.Width, image.Size.Height);
        using HostTensor sample = HostTensor.Allocate(ElementType.Float32, 1, 3, 1, height, width);
        PixelPlanes.Fill(image.Pixels.Span, sample.AsSpan<float>());
        using GraphOutputs outputs = encoder.Run(new Dictionary<string, GraphTensor> { ["sample"] = sample }, cancellationToken);
        stage.Count(1, outputs.Elapsed);
        HostTensor parameters = outputs["latent_parameters"];
        LatentShape shape = plan.Latents;
        long[] expected = [1, 2 * shape.Channels, 1, shape.Height, shape.Width];
        if (!parameters.Shape.SequenceEqual(expected))
        {
            throw new GraphExecutionException(
                GraphRoles.VaeEncoder, $"output 'latent_parameters' must be [{string.Join(", ", expected)}], but is [{string.Join(", ", parameters.Shape)}]. Correct the strides in seedance.json.");
        }

        int area = shape.Height * shape.Width;
        float[] latents = parameters.AsSpan<float>()[..(shape.Channels * area)].ToArray();
        for (int channel = 0; channel < shape.Channels; channel++)
        {
            Span<float> values = latents.AsSpan(channel * area, area);
            TensorPrimitives.Subtract(values, geometry.Mean[channel], values);
            TensorPrimitives.Divide(values, geometry.Std[channel], values);
        }

        return latents;
    }
}
