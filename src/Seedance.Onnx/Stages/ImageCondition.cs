using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>What the condition stage hands on: images as normalised latents, and where on the transformer's channels they go.</summary>
/// <param name="channels">The channel axis of the transformer's input.</param>
/// <param name="images">By the latent frame that each is given for: [C, h, w], normalised.</param>
internal sealed class ImageCondition(TransformerChannels channels, IReadOnlyDictionary<int, float[]> images)
{
    /// <summary>
    /// Fills all channels of all branches but the noisy ones, which become 0: the mask is 1 on latent frames that an image is given for, the condition channels hold the image
    /// there, and all else is 0.
    /// </summary>
    /// <param name="plan">The plan, whose branches see the images or do not.</param>
    /// <param name="hidden">[G, Cin, f, h, w] float32: the transformer's input.</param>
    public void Fill(GenerationPlan plan, Span<float> hidden)
    {
        hidden.Clear();
        LatentShape shape = plan.Latents;
        int area = shape.Height * shape.Width, plane = shape.Frames * area, row = channels.Total * plane;
        int mask = channels.Offset(ChannelKind.Mask), condition = channels.Offset(ChannelKind.Condition);
        for (int branch = 0; branch < plan.Branches.Length; branch++)
        {
            if (!plan.Branches[branch].SeesImages)
            {
                continue;
            }

            Span<float> own = hidden.Slice(branch * row, row);
            foreach ((int frame, float[] latents) in images)
            {
                for (int channel = 0; channel < channels.Count(ChannelKind.Mask); channel++)
                {
                    own.Slice(((mask + channel) * plane) + (frame * area), area).Fill(1);
                }

                for (int channel = 0; channel < shape.Channels; channel++)
                {
                    latents.AsSpan(channel * area, area).CopyTo(own.Slice(((condition + channel) * plane) + (frame * area), area));
                }
            }
        }
    }
}
