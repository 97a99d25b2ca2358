using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>What the condition stage hands on: images as normalised latents, and where on the transformer's channels they go.</summary>
/// <param name="images">By the latent frame that each is given for: [C, h, w], normalised.</param>
internal sealed class ImageCondition(IReadOnlyDictionary<int, float[]> images)
{
    /// <summary>No images.</summary>
    public static ImageCondition None { get; } = new(new Dictionary<int, float[]>());

    /// <summary>
    /// Fills a group of channels for all branches: the mask is 1 on latent frames that an image is given for, the condition channels hold the image there, and all else is 0.
    /// </summary>
    /// <param name="plan">The plan, whose branches see the images or do not.</param>
    /// <param name="group">The channels.</param>
    /// <param name="values">[G, channels, f, h, w] float32.</param>
    public void Fill(GenerationPlan plan, ChannelGroup group, Span<float> values)
    {
        values.Clear();
        int area = plan.Latents.Height * plan.Latents.Width, plane = plan.Latents.Frames * area;
        for (int branch = 0; branch < plan.Branches.Length; branch++)
        {
            if (!plan.Branches[branch].SeesImages)
            {
                continue;
            }

            foreach ((int frame, float[] latents) in images)
            {
                for (int channel = 0; channel < group.Channels; channel++)
                {
                    Span<float> own = values.Slice((((branch * group.Channels) + channel) * plane) + (frame * area), area);
                    if (group.Kind == ChannelKind.Mask)
                    {
                        own.Fill(1);
                    }
                    else
                    {
                        latents.AsSpan(channel * area, area).CopyTo(own);
                    }
                }
            }
        }
    }
}
