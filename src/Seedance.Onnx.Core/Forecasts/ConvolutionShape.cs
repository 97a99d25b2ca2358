using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Forecasts;

/// <summary>Convolutions of a decoder that are alike, by their dimensions.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Space">Rows, and columns, of what they write for one of the latents.</param>
/// <param name="Time">Frames of what they write for a latent frame; the first may stand alone, as the latents' geometry says.</param>
/// <param name="Inputs">Channels that go in.</param>
/// <param name="Outputs">Channels that come out.</param>
/// <param name="Kernel">Places that each output looks at: 27 for 3x3x3.</param>
public sealed record ConvolutionShape(int Count, int Space, int Time, int Inputs, int Outputs, int Kernel)
{
    /// <summary>How often norms and activations around a convolution read or write what goes in.</summary>
    private const double Passes = 4;

    /// <summary>The numbers in the weights of all <see cref="Count"/>.</summary>
    public double Parameters => (double)Count * Kernel * Inputs * Outputs;

    /// <summary>What running all <see cref="Count"/> once does.</summary>
    /// <param name="latents">[C, f, h, w].</param>
    /// <param name="causal">Whether the first latent frame stands alone.</param>
    /// <returns>Convolutions, and what surrounds them.</returns>
    public IEnumerable<OperatorWork> WorkOf(LatentShape latents, bool causal)
    {
        double places = PlacesOf(latents, causal);
        yield return new OperatorWork(OperatorClass.Convolution, 2 * places * Parameters, (Count * places * (Inputs + Outputs)) + Parameters, 0, Count);
        yield return new OperatorWork(OperatorClass.Memory, 0, Count * places * Passes * Inputs, 0, Count * 2);
    }

    /// <summary>The numbers that one of them needs at once: what goes in, what comes out, and what is kept to be added to it.</summary>
    /// <param name="latents">[C, f, h, w].</param>
    /// <param name="causal">Whether the first latent frame stands alone.</param>
    /// <returns>Numbers.</returns>
    public double LiveValuesOf(LatentShape latents, bool causal) => PlacesOf(latents, causal) * (Inputs + (2.0 * Outputs));

    internal static ConvolutionShape Read(JsonFields fields)
    {
        ConvolutionShape shape = new(
            fields.Whole("count", 1, 1000, ifMissing: 1), fields.Whole("space", 1, 1024), fields.Whole("time", 1, 1024),
            fields.Whole("in", 1, 1 << 20), fields.Whole("out", 1, 1 << 20), fields.Whole("kernel", 1, 1 << 16));
        fields.Close();
        return shape;
    }

    private double PlacesOf(LatentShape latents, bool causal) =>
        (causal ? 1 + ((double)Time * (latents.Frames - 1)) : (double)Time * latents.Frames) * latents.Height * Space * latents.Width * Space;
}
