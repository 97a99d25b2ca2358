using Seedance.Onnx.Latents;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>What the semantic stage hands on: normalised tokens with the noise that they are followed with, of a whole video or of one of its windows. Immutable.</summary>
/// <param name="values">[C, f, h, w] float32.</param>
/// <param name="shape">Their shape.</param>
internal sealed class SemanticTokens(float[] values, LatentShape shape)
{
    /// <summary>The axes of the transformer's input for one branch, [1 + C, f, h, w]: a channel that tells whether there is a token, and the token.</summary>
    public IReadOnlyList<long> InputShape => [1 + shape.Channels, shape.Frames, shape.Height, shape.Width];

    /// <summary>The tokens of a video as they are followed: (1 − s) token + s ε, where s is the pack's share of noise.</summary>
    /// <param name="plan">The whole video's plan.</param>
    /// <param name="clean">[C, f, h, w] float32: its tokens; changed.</param>
    public static SemanticTokens Of(GenerationPlan plan, float[] clean)
    {
        SemanticPlan semantics = plan.Semantics!;
        float share = (float)semantics.Noise;
        float[] noise = new float[clean.Length];
        new TorchRandom(plan.SemanticNoiseSeed).FillNormal(noise);
        for (int i = 0; i < clean.Length; i++)
        {
            clean[i] = ((1 - share) * clean[i]) + (share * noise[i]);
        }

        return new SemanticTokens(clean, semantics.Tokens);
    }

    /// <summary>Those of a window: a token frame for each of its latent frames, the one that it goes on from among them.</summary>
    /// <param name="window">A window of the video that these are the tokens of.</param>
    public SemanticTokens Part(PlannedWindow window)
    {
        LatentShape part = shape with { Frames = window.LatentFrames };
        int area = shape.Height * shape.Width, length = window.LatentFrames * area;
        float[] own = new float[part.Length];
        for (int channel = 0; channel < shape.Channels; channel++)
        {
            values.AsSpan(((channel * shape.Frames) + window.FirstLatentFrame) * area, length).CopyTo(own.AsSpan(channel * length));
        }

        return new SemanticTokens(own, part);
    }

    /// <summary>Fills the transformer's input: the captions' branch, the last, follows the tokens, the others have none.</summary>
    /// <param name="input">[G, 1 + C, f, h, w] float32.</param>
    public void Fill(Span<float> input)
    {
        int area = shape.Frames * shape.Height * shape.Width;
        input.Clear();
        Span<float> last = input[^(values.Length + area)..];
        last[..area].Fill(1);
        values.CopyTo(last[area..]);
    }
}
